/// What a program is in a peering, whoever dialled.
public enum PeerRole: String, Sendable, Hashable, CaseIterable {
    /// Owns the desired set: the origin's side.
    case hub
    /// Owns the observed set: the edge's side.
    case agent

    public var opposite: PeerRole { self == .hub ? .agent : .hub }
}
