/// What went wrong between this program and an HTTP peer, below the level of HTTP statuses.
///
/// A response with a 4xx or 5xx status is not an error of the transport: it arrives as a response.
public struct HTTPTransportError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure. The set may grow: switch with a `default`.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The code's stable name, as it appears in logs.
        public let description: String

        private init(_ description: String) {
            self.description = description
        }

        /// The address to listen on is taken by another socket.
        public static let addressInUse = Code("addressInUse")
        /// The address cannot be listened on for any other reason.
        public static let cannotListen = Code("cannotListen")
        /// An address, URL or option is malformed.
        public static let invalidConfiguration = Code("invalidConfiguration")
        /// HTTP without TLS was asked for on an address that is not loopback.
        public static let plaintextRefused = Code("plaintextRefused")
        /// No TCP connection could be made.
        public static let connectFailed = Code("connectFailed")
        /// The connection, with its TLS handshake, was not ready in time.
        public static let connectTimeout = Code("connectTimeout")
        /// The TLS handshake failed.
        public static let tlsFailed = Code("tlsFailed")
        /// No connection of the pool became free in time.
        public static let poolTimeout = Code("poolTimeout")
        /// The response did not arrive in time.
        public static let responseTimeout = Code("responseTimeout")
        /// The peer closed the connection before the message was complete.
        public static let connectionClosed = Code("connectionClosed")
        /// The peer did not read what was written to it in time.
        public static let writeTimeout = Code("writeTimeout")
        /// A body is larger than its limit.
        public static let bodyTooLarge = Code("bodyTooLarge")
        /// The peer sent something that is not HTTP/1.1.
        public static let protocolViolation = Code("protocolViolation")
        /// The client or server was shut down by its owner.
        public static let shutDown = Code("shutDown")
    }

    /// The kind of failure.
    public let code: Code
    /// A sentence: what was tried, with which address, for how long, and what to do next where that is known.
    public let message: String
    /// The error underneath, if there is one.
    public let cause: (any Error)?

    /// Makes an error. `message` is a full sentence that stands on its own.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message; the code and the cause are for programs and logs.
    public var description: String {
        message
    }
}
