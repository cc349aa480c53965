/// Whether a peering in one direction is wanted (`spec.outgoingPeeringEnabled`, `spec.incomingPeeringEnabled`).
public enum PeeringEnabled: String, Sendable, CaseIterable {
    /// As `No`: nothing is wanted until somebody says so.
    case auto = "Auto"
    case no = "No"
    case yes = "Yes"
}

/// Which way the pods of a peering go, seen from this cluster. Two clusters may peer both ways.
public enum PeeringDirection: String, Sendable, CaseIterable {
    /// This cluster is the origin: its hub keeps the peering.
    case outgoing
    /// This cluster is the edge: its agent keeps the peering.
    case incoming

    /// The other one.
    public var opposite: PeeringDirection { self == .outgoing ? .incoming : .outgoing }

    /// The condition that tells how far it is: its daemon's alone to write.
    public var condition: PeeringConditionType { self == .outgoing ? .outgoing : .incoming }
}
