/// The two sets that a peering keeps equal on both sides.
public enum ItemSetName: String, Sendable, Hashable, CaseIterable {
    /// What the edge shall run. Owned by the hub.
    case desired
    /// What the edge runs. Owned by the agent.
    case observed

    /// Who may change the set; the other side holds a copy.
    public var owner: PeerRole { self == .desired ? .hub : .agent }
}
