/// Why a configuration's own check refuses a peer whose certificate is otherwise good.
public struct TLSRefusal: Hashable, Sendable {
    /// What the peer is told by the alert.
    public enum Reason: Hashable, Sendable {
        /// The certificate was revoked.
        case revoked
        /// The certificate is not acceptable here.
        case rejected
    }

    public let reason: Reason

    /// A sentence for our own log; the peer does not see it.
    public let message: String

    public init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }
}
