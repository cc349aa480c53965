public import JSONTree

extension KubernetesObject {
    /// Whether all containers of this pod have ended for good: its phase is Succeeded or Failed.
    public var isFinishedPod: Bool { Self.isFinishedPod(status: json["status"]) }

    /// The same of a pod's status alone.
    public static func isFinishedPod(status: JSON?) -> Bool {
        let phase = status?["phase"]?.string
        return phase == "Succeeded" || phase == "Failed"
    }
}
