public import JSONTree

/// Something that happened to a container and that users are to hear of as an event.
public struct Notice: Sendable, Hashable {
    public enum Reason: String, Sendable, Hashable {
        /// A probe failed.
        case unhealthy = "Unhealthy"
        /// The container is being ended, for the reason that the message gives.
        case killing = "Killing"
        case failedPostStartHook = "FailedPostStartHook"
        case failedPreStopHook = "FailedPreStopHook"

        public var isWarning: Bool { self != .killing }
    }

    /// Counts up from 1 through the life of the pod.
    public var number: Int
    public var container: String
    public var reason: Reason
    /// In the kubelet's words.
    public var message: String

    public init(number: Int, container: String, reason: Reason, message: String) {
        self.number = number
        self.container = container
        self.reason = reason
        self.message = message
    }

    public var json: JSON {
        [
            "number": JSON(number), "container": JSON(container), "reason": JSON(reason.rawValue),
            "message": JSON(message),
        ]
    }

    public init(_ fields: JSONFields) throws(JSONError) {
        number = try fields.int("number")
        container = try fields.string("container")
        guard let reason = Reason(rawValue: try fields.string("reason")) else {
            throw fields.error("reason", "is no reason of a notice")
        }
        self.reason = reason
        message = try fields.string("message")
    }
}
