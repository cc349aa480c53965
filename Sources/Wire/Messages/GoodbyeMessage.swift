public import JSONTree

/// The sender closes the connection on purpose.
public struct GoodbyeMessage: MessageBody {
    public static var type: String { "goodbye" }

    /// Open: an unknown reason reads as a shutdown.
    public struct Reason: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The peering is over: the edge removes all that it ran for the origin.
        public static let unpeered = Reason(rawValue: "unpeered")
        /// The program stops or starts anew; the peering stays.
        public static let shutdown = Reason(rawValue: "shutdown")
        /// The receiver's certificate was revoked.
        public static let revoked = Reason(rawValue: "revoked")
        /// Another connection of the same peer took this one's place.
        public static let replaced = Reason(rawValue: "replaced")
    }

    public var reason: Reason
    /// For an operator. Absent means empty.
    public var message: String
    /// The sender's epoch of the peering; after an unpeer it is higher than before.
    public var epoch: Int

    public init(reason: Reason, message: String = "", epoch: Int) {
        self.reason = reason
        self.message = message
        self.epoch = epoch
    }

    public init(fields: JSONFields) throws(JSONError) {
        reason = Reason(rawValue: try fields.string("reason", limit: 63))
        message = try fields.optionalString("message", limit: 4096) ?? ""
        epoch = try fields.int("epoch")
    }

    public func write(into object: inout JSONObject) {
        object["reason"] = .string(reason.rawValue)
        if !message.isEmpty { object["message"] = .string(message) }
        object["epoch"] = JSON(epoch)
    }
}
