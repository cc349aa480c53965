public import OffloadingModel

/// Why there are no credentials for a peer, in the words of its ForeignCluster's condition.
public struct CredentialProblem: Error, Sendable {
    public let condition: PeeringCondition

    public init(_ condition: PeeringCondition) { self.condition = condition }
}
