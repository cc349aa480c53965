import JSONTree
import KubernetesModel

/// The conditions of a Deployment. Unlike most kinds' they carry a `lastUpdateTime`, which the progress deadline counts from.
struct RolloutConditions: Sendable, Hashable {
    private(set) var elements: [JSON]
    /// Seconds since 1970.
    private let now: Int

    init(_ conditions: JSON?, now: Int) {
        elements = conditions?.array ?? []
        self.now = now
    }

    func find(_ type: String) -> JSON? { elements.first { $0["type"]?.string == type } }

    func reason(of type: String) -> String? { find(type)?["reason"]?.string }

    mutating func remove(_ type: String) { elements.removeAll { $0["type"]?.string == type } }

    /// Sets a condition; one of the same status and reason stays as it is unless it is to be renewed.
    ///
    /// - Parameter renewing: moves `lastUpdateTime` on although nothing but time has changed.
    mutating func set(_ type: String, _ status: String, _ reason: String, _ message: String, renewing: Bool = false) {
        let old = find(type)
        let isSame = old?["status"]?.string == status && old?["reason"]?.string == reason
        if isSame, !renewing { return }
        let time = JSON.string(Timestamp.text(now))
        let transition = old?["status"]?.string == status ? old?["lastTransitionTime"] : nil
        remove(type)
        elements.append([
            "type": .string(type), "status": .string(status), "lastUpdateTime": time,
            "lastTransitionTime": transition ?? time, "reason": .string(reason), "message": .string(message),
        ])
    }
}

extension RolloutConditions {
    /// Condition `Available`.
    mutating func setAvailable(_ status: RolloutStatus, _ spec: RolloutSpec) {
        if status.available >= spec.replicas - spec.maxUnavailable {
            set("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            set("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        }
    }

    /// Condition `Progressing` of a rollout that is not paused.
    ///
    /// - Parameters:
    ///   - before: the counts as they were stored.
    ///   - newest: the name of the current template's ReplicaSet, where it exists.
    mutating func setProgressing(
        _ status: RolloutStatus, before: RolloutStatus, _ spec: RolloutSpec, deployment: String, newest: String?,
        isObserved: Bool
    ) {
        guard let deadline = spec.progressDeadlineSeconds else { return remove("Progressing") }
        let subject = newest.map { "ReplicaSet \"\($0)\"" } ?? "Deployment \"\(deployment)\""
        // A finished rollout stays finished while pods come and go, until there is something new to roll out.
        if status.replicas == status.updated, reason(of: "Progressing") == "NewReplicaSetAvailable" { return }
        if isObserved, status.isComplete(spec) {
            set("Progressing", "True", "NewReplicaSetAvailable", "\(subject) has successfully progressed.")
        } else if status.isProgress(since: before) {
            set("Progressing", "True", "ReplicaSetUpdated", "\(subject) is progressing.", renewing: true)
        } else if isTimedOut(deadline) {
            set("Progressing", "False", "ProgressDeadlineExceeded", "\(subject) has timed out progressing.")
        }
    }

    private func isTimedOut(_ deadline: Int) -> Bool {
        secondsLeft(deadline).map { $0 <= 0 } ?? (reason(of: "Progressing") == "ProgressDeadlineExceeded")
    }

    /// Seconds until the rollout counts as stuck; `nil` where it is not under way.
    func secondsLeft(_ deadline: Int) -> Int? {
        guard let condition = find("Progressing"), let reason = condition["reason"]?.string,
            reason != "NewReplicaSetAvailable", reason != "ProgressDeadlineExceeded", reason != "DeploymentPaused",
            let since = condition["lastUpdateTime"]?.string.flatMap(Timestamp.seconds)
        else { return nil }
        return since + deadline - now
    }

    /// Shows that the rollout stands still on purpose, or does no longer.
    mutating func setPaused(_ spec: RolloutSpec) {
        guard spec.progressDeadlineSeconds != nil else { return }
        if reason(of: "Progressing") == "ProgressDeadlineExceeded" { return }
        let isShown = reason(of: "Progressing") == "DeploymentPaused"
        if spec.isPaused, !isShown {
            set("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")
        } else if !spec.isPaused, isShown {
            set("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed")
        }
    }

    /// Passes on why the pods of a ReplicaSet cannot be made.
    mutating func setFailure(from replicaSets: [KubernetesObject]) {
        let failures = replicaSets.compactMap {
            Conditions.find("ReplicaFailure", in: $0.status["conditions"])
        }
        guard let failure = failures.first else { return remove("ReplicaFailure") }
        set(
            "ReplicaFailure", failure["status"]?.string ?? "True", failure["reason"]?.string ?? "",
            failure["message"]?.string ?? "")
    }
}
