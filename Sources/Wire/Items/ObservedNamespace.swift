public import JSONTree

/// The state of an offloaded namespace on the edge.
public struct ObservedNamespace: Sendable, Hashable {
    /// Open: a state of a later version reads as not ready.
    public struct State: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// It exists and is the origin's.
        public static let ready = State(rawValue: "Ready")
        /// It exists and is not the origin's; nothing of it was touched.
        public static let conflict = State(rawValue: "Conflict")
        /// It is being made.
        public static let creating = State(rawValue: "Creating")
        /// It is going.
        public static let terminating = State(rawValue: "Terminating")
    }

    /// Its name on the edge.
    public var remoteName: String
    public var state: State
    /// Why, for an operator; may be empty. Absent means empty.
    public var message: String

    public init(remoteName: String, state: State, message: String = "") {
        self.remoteName = remoteName
        self.state = state
        self.message = message
    }

    public init(fields: JSONFields) throws(JSONError) {
        remoteName = try fields.string("remoteName", limit: 253)
        state = State(rawValue: try fields.string("state", limit: 63))
        message = try fields.optionalString("message", limit: 4096) ?? ""
    }

    public var json: JSON {
        var json: JSON = ["remoteName": .string(remoteName), "state": .string(state.rawValue)]
        if !message.isEmpty { json["message"] = .string(message) }
        return json
    }
}
