/// Keeps pods off virtual nodes whose edge takes none now (no plugin of Kubernetes').
struct EdgeStanding: NodeFilter {
    static let name = "EdgeStanding"

    func refusal(of entry: SnapshotNode) -> Refusal? {
        let state = entry.node.state
        guard !state.takesPods else { return nil }
        return Refusal(Self.name, ["node(s) belonged to an edge that is \(state.rawValue)"], mayHelpToPreempt: false)
    }
}
