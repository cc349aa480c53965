import JSONTree
import KubernetesModel
import OffloadingModel

/// What a pod that is being moved says of its move (`causeway.io/rebalancing`): all that is needed to end it, or to take it
/// back, after a restart of the hub.
struct MoveMark: Sendable, Hashable {
    /// The label that its ReplicaSet knows a pod by and its Deployment put there: without it a pod runs on as nobody's.
    static let label = "pod-template-hash"

    /// The value that ``label`` had.
    var hash: String
    /// The ReplicaSet.
    var workload: String
    var workloadUID: String
    /// The node where the new pod is to be.
    var target: String
    /// When the move began, in seconds since 1970 by the hub's clock.
    var since: Int
    /// When the newest of the workload's pods was made before that, in seconds since 1970 by the API's clock.
    var newest: Int

    init(hash: String, workload: String, workloadUID: String, target: String, since: Int, newest: Int) {
        self.hash = hash
        self.workload = workload
        self.workloadUID = workloadUID
        self.target = target
        self.since = since
        self.newest = newest
    }

    /// - Returns: `nil` where the pod is not being moved, or nothing can be made of what it says.
    init?(_ pod: KubernetesObject) {
        guard let text = pod.annotation(Names.rebalancingAnnotation), let json = try? JSON(parsing: text),
            let hash = json["hash"]?.string, let workload = json["replicaSet"]?.string,
            let uid = json["uid"]?.string, let target = json["to"]?.string, let since = json["since"]?.int,
            let newest = json["newest"]?.int
        else { return nil }
        self.init(hash: hash, workload: workload, workloadUID: uid, target: target, since: since, newest: newest)
    }

    var text: String {
        let json: JSON = [
            "hash": .string(hash), "replicaSet": .string(workload), "uid": .string(workloadUID),
            "to": .string(target), "since": JSON(since), "newest": JSON(newest),
        ]
        return json.text()
    }

    /// What begins the move: the ReplicaSet lets the pod go, which runs on, and makes another one.
    var beginning: JSON {
        ["labels": [Self.label: .null], "annotations": [Names.rebalancingAnnotation: .string(text)]]
    }

    /// What takes the move back: the ReplicaSet takes the pod up again, and ends the one too many that is not ready.
    var undoing: JSON {
        ["labels": [Self.label: .string(hash)], "annotations": [Names.rebalancingAnnotation: .null]]
    }
}
