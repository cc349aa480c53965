/// Keeps a pod off nodes where another has its host ports.
struct NodePorts: NodeFilter {
    static let name = "NodePorts"
    private let wanted: [HostPort]

    init(_ pod: PendingPod) { wanted = pod.asPlaced.hostPorts }

    func refusal(of entry: SnapshotNode) -> Refusal? {
        for port in wanted where entry.load.hostPorts.keys.contains(where: port.conflicts) {
            return Refusal(Self.name, ["node(s) didn't have free ports for the requested pod ports"])
        }
        return nil
    }
}
