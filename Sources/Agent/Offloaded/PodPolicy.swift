import JSONTree

/// What a hub may not ask of this edge, whoever controls the hub.
enum PodPolicy {
    /// The reason of such refusals.
    static let reason = "NotAllowed"

    /// - Parameter spec: of the pod that is asked for.
    /// - Returns: why it may not run here; `nil` where it may.
    static func objection(to spec: JSON) -> String? {
        for (field, what) in [("hostNetwork", "network"), ("hostPID", "processes"), ("hostIPC", "IPC")]
        where spec[field].map({ $0 != false && !$0.isNull }) == true {
            return "spec.\(field): the edge does not share its machines' \(what) with offloaded pods"
        }
        if spec["nodeName"].map({ $0 != "" && !$0.isNull }) == true {
            return "spec.nodeName: it is the edge's own scheduler that places offloaded pods on its nodes"
        }
        for (index, volume) in (spec["volumes"]?.array ?? []).enumerated()
        where volume["hostPath"].map({ !$0.isNull }) == true {
            return "spec.volumes[\(index)].hostPath: the edge does not share its machines' files with offloaded pods"
        }
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            for (index, container) in (spec[list]?.array ?? []).enumerated()
            where container["securityContext", "privileged"].map({ $0 != false && !$0.isNull }) == true {
                return
                    "spec.\(list)[\(index)].securityContext.privileged: the edge runs no privileged offloaded containers"
            }
        }
        return nil
    }
}
