public import Wire

/// Why a conversation with a peer ended.
public struct PeerSessionEnd: Error, Sendable, Hashable, CustomStringConvertible {
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// This side said goodbye.
        public static let local = Code(rawValue: "local")
        /// The peer said goodbye; ``PeerSessionEnd/goodbye`` says why.
        public static let goodbye = Code(rawValue: "goodbye")
        /// The peer refused; ``PeerSessionEnd/error`` says why.
        public static let refused = Code(rawValue: "refused")
        /// This side refused the peer: version, identity or epoch.
        public static let refusal = Code(rawValue: "refusal")
        /// The peer broke the rules of the protocol.
        public static let violation = Code(rawValue: "violation")
        /// The peer passed a limit.
        public static let limit = Code(rawValue: "limit")
        /// Nothing was heard from the peer for too long.
        public static let silent = Code(rawValue: "silent")
        /// The peer did not do its part in time.
        public static let timeout = Code(rawValue: "timeout")
        /// The connection ended without a word.
        public static let lost = Code(rawValue: "lost")
        /// TLS, with its identities and pins, refused the connection.
        public static let untrusted = Code(rawValue: "untrusted")
    }

    public let code: Code
    /// A sentence for an operator: what happened, and where it helps, what to do next.
    public let message: String
    /// What the peer said last, where that was the reason.
    public var goodbye: GoodbyeMessage?
    /// What the peer complained about, where that was the reason.
    public var error: ErrorMessage?

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }

    public static func violation(_ message: String) -> PeerSessionEnd { PeerSessionEnd(.violation, message) }

    public static func refusedByPeer(_ error: ErrorMessage) -> PeerSessionEnd {
        var end = PeerSessionEnd(
            .refused, error.message.isEmpty ? "the peer refused (\(error.code.rawValue))" : error.message)
        end.error = error
        return end
    }

    static func goodbye(_ message: GoodbyeMessage) -> PeerSessionEnd {
        let detail = message.message.isEmpty ? "" : ": \(message.message)"
        var end = PeerSessionEnd(.goodbye, "the peer said goodbye (\(message.reason.rawValue))\(detail)")
        end.goodbye = message
        return end
    }
}
