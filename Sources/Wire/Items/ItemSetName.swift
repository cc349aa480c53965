/// The two sets that a peering keeps equal on both sides.
public enum ItemSetName: String, Sendable, Hashable, CaseIterable {
    /// What the edge shall run. Owned by the hub.
    case desired
    /// What the edge runs. Owned by the agent.
    case observed

    /// The most memory that a copy may take, about, in bytes: whoever owns the set cannot have the other side hold more.
    ///
    /// With what pods are in life that is some 50,000 of them on one edge, in either set.
    public var maximumFootprint: Int { self == .desired ? 512 << 20 : 256 << 20 }

    /// Who may change the set; the other side holds a copy.
    public var owner: PeerRole { self == .desired ? .hub : .agent }
}
