import JSONTree
import KubernetesModel

/// A Deployment's wishes, with Kubernetes' defaults for what is absent (`apps/v1 DeploymentSpec`).
struct RolloutSpec: Sendable, Hashable {
    enum Strategy: Sendable, Hashable {
        case recreate
        /// How many pods may exist beyond the wanted number, and how many of those may be missing.
        case rollingUpdate(maxSurge: Int, maxUnavailable: Int)
    }

    var replicas: Int
    var strategy: Strategy
    var minReadySeconds: Int
    var revisionHistoryLimit: Int
    /// Seconds without progress after which the rollout counts as stuck; `nil` for never.
    var progressDeadlineSeconds: Int?
    var isPaused: Bool

    init(
        replicas: Int, strategy: Strategy, minReadySeconds: Int = 0, revisionHistoryLimit: Int = 10,
        progressDeadlineSeconds: Int? = 600, isPaused: Bool = false
    ) {
        self.replicas = replicas
        self.strategy = strategy
        self.minReadySeconds = minReadySeconds
        self.revisionHistoryLimit = revisionHistoryLimit
        self.progressDeadlineSeconds = progressDeadlineSeconds
        self.isPaused = isPaused
    }

    init(_ deployment: KubernetesObject) {
        let spec = deployment.spec
        let replicas = max(0, spec["replicas"]?.int ?? 1)
        let deadline = spec["progressDeadlineSeconds"]?.int ?? 600
        self.init(
            replicas: replicas, strategy: Self.strategy(spec["strategy"], replicas: replicas),
            minReadySeconds: spec["minReadySeconds"]?.int ?? 0,
            revisionHistoryLimit: spec["revisionHistoryLimit"]?.int ?? 10,
            // The largest 32-bit number is Kubernetes' way to say never.
            progressDeadlineSeconds: deadline == Int(Int32.max) ? nil : deadline,
            isPaused: spec["paused"]?.bool ?? false)
    }

    /// Shares are rounded up for surge and down for unavailability; where both come to nothing, one pod may be missing, or
    /// no rollout could ever move.
    static func strategy(_ json: JSON?, replicas: Int) -> Strategy {
        if json?["type"]?.string == "Recreate" { return .recreate }
        let rolling = json?["rollingUpdate"]
        let surge = (IntOrPercent(rolling?["maxSurge"]) ?? .percent(25)).value(of: replicas, roundingUp: true)
        let missing = (IntOrPercent(rolling?["maxUnavailable"]) ?? .percent(25)).value(of: replicas, roundingUp: false)
        return .rollingUpdate(maxSurge: surge, maxUnavailable: surge == 0 && missing == 0 ? 1 : missing)
    }

    var maxSurge: Int {
        switch strategy {
        case .recreate: 0
        case .rollingUpdate(let surge, _): surge
        }
    }

    /// Never more than there are.
    var maxUnavailable: Int {
        switch strategy {
        case .recreate: 0
        case .rollingUpdate(_, let missing): min(missing, replicas)
        }
    }
}
