/// Why a listener cannot be.
public struct PeerListenerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The address and port that were wanted.
    public let address: PeerAddress
    /// A sentence for an operator, with what to do next.
    public let message: String

    public var description: String { message }
}
