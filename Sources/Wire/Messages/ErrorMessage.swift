public import JSONTree

/// Why the sender closes the connection: the receiver's mistake, or a refusal.
public struct ErrorMessage: MessageBody {
    public static var type: String { "error" }

    /// Open: an unknown code reads like ``protocolViolation``.
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// No protocol version in common.
        public static let version = Code(rawValue: "version")
        /// A token that is unknown, expired, used or wrong; never said which.
        public static let tokenRefused = Code(rawValue: "token-refused")
        /// Only an enrolment is possible without a certificate.
        public static let certificateRequired = Code(rawValue: "certificate-required")
        /// The identity in a message is not that of the certificate, or has the wrong role.
        public static let identity = Code(rawValue: "identity")
        /// The peering is not known, revoked or over.
        public static let notPeered = Code(rawValue: "not-peered")
        /// The receiver speaks for an older epoch of the peering.
        public static let staleEpoch = Code(rawValue: "stale-epoch")
        /// Another connection with the same identity is alive.
        public static let duplicate = Code(rawValue: "duplicate")
        /// A message that is broken or must not come now.
        public static let protocolViolation = Code(rawValue: "protocol")
        /// A limit of size, number or rate was passed.
        public static let limit = Code(rawValue: "limit")
        /// The sender has no room for another connection; try later.
        public static let busy = Code(rawValue: "busy")
        /// The sender could not do its part; try later.
        public static let unavailable = Code(rawValue: "unavailable")
    }

    public var code: Code
    /// A sentence for an operator: what happened, what to do next. Holds no secret.
    public var message: String

    public init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    public init(fields: JSONFields) throws(JSONError) {
        code = Code(rawValue: try fields.string("code", limit: 63))
        message = try fields.optionalString("message", limit: 4096) ?? ""
    }

    public func write(into object: inout JSONObject) {
        object["code"] = .string(code.rawValue)
        object["message"] = .string(message)
    }
}

extension ErrorMessage {
    /// For the owner of a set that has become more than the other side will hold.
    public static func noRoom(for set: ItemSetName) -> ErrorMessage {
        ErrorMessage(
            code: .limit,
            message:
                "the \(set.rawValue) set is larger than the \(set.maximumFootprint >> 20) MiB that are kept of it; "
                + "spread it over more edges")
    }
}
