/// A failure of this module: of TLS itself, of a certificate or key, or of the connection below.
public struct TLSError: Error, Hashable, Sendable {
    /// What kind of failure it is. Open: later versions may add codes, so a switch over it needs a default.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public let rawValue: String

        public init(rawValue: String) { self.rawValue = rawValue }

        /// A text, file or value handed to this module is not what it has to be.
        public static let invalidInput = Code(rawValue: "invalidInput")
        /// The handshake failed in a way that no other code names.
        public static let handshakeFailed = Code(rawValue: "handshakeFailed")
        /// The connection ended in the middle of the handshake, without a word: the peer may have no room, or not speak TLS.
        public static let handshakeAborted = Code(rawValue: "handshakeAborted")
        /// The peer's certificate, or one above it, is past its end.
        public static let certificateExpired = Code(rawValue: "certificateExpired")
        /// The peer's certificate, or one above it, is not valid yet.
        public static let certificateNotYetValid = Code(rawValue: "certificateNotYetValid")
        /// The peer's certificate does not lead to a trusted authority, or is not made for its use.
        public static let untrusted = Code(rawValue: "untrusted")
        /// The peer did not present the authority whose key was pinned.
        public static let pinMismatch = Code(rawValue: "pinMismatch")
        /// The certificate is not made out to the name or address that was dialled.
        public static let nameMismatch = Code(rawValue: "nameMismatch")
        /// The configuration's own check says that the certificate was revoked.
        public static let revoked = Code(rawValue: "revoked")
        /// The configuration's own check refused the certificate for another reason.
        public static let rejected = Code(rawValue: "rejected")
        /// The peer presented no certificate although one is required.
        public static let certificateRequired = Code(rawValue: "certificateRequired")
        /// The two sides have no application protocol in common.
        public static let noApplicationProtocol = Code(rawValue: "noApplicationProtocol")
        /// The two sides have no TLS version in common.
        public static let unsupportedVersion = Code(rawValue: "unsupportedVersion")
        /// The peer does not speak TLS.
        public static let notTLS = Code(rawValue: "notTLS")
        /// The peer refused our certificate; ``TLSError/alert`` says why.
        public static let refusedByPeer = Code(rawValue: "refusedByPeer")
        /// The handshake did not end in its time.
        public static let timeout = Code(rawValue: "timeout")
        /// The connection ended without the peer's notice, so its last bytes may be missing.
        public static let truncated = Code(rawValue: "truncated")
        /// The connection was closed before the operation could happen.
        public static let closed = Code(rawValue: "closed")
        /// A file could not be read or written.
        public static let io = Code(rawValue: "io")
        /// A private key file may be read by others.
        public static let insecureKeyFile = Code(rawValue: "insecureKeyFile")
        /// libssl or libcrypto failed where only a lack of memory or a defect can be the reason.
        public static let `internal` = Code(rawValue: "internal")
    }

    public let code: Code

    /// A sentence for an operator: what happened, and what to do next. Holds no secret.
    public let message: String

    /// The alert that the peer sent, when the failure is its refusal.
    public let alert: TLSAlert?

    /// The SHA-256 of the peer's certificate, in hexadecimal, where the failure is about that.
    public var fingerprint: String?

    /// What OpenSSL or the system said, for a log.
    public let cause: String?

    public init(_ code: Code, _ message: String, alert: TLSAlert? = nil, cause: String? = nil) {
        self.code = code
        self.message = message
        self.alert = alert
        self.cause = cause
    }
}

extension TLSError: CustomStringConvertible {
    public var description: String {
        guard let cause else { return message }
        return "\(message) (\(cause))"
    }
}
