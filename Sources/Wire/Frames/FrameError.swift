/// Why bytes are not frames that this side accepts. The connection they came by cannot go on.
public struct FrameError: Error, Sendable, Hashable, CustomStringConvertible {
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The frame says it is longer than the limit.
        public static let tooLong = Code(rawValue: "tooLong")
        /// A length of zero, or a payload too short for its kind.
        public static let malformed = Code(rawValue: "malformed")
        /// A kind that this version does not know.
        public static let unknownKind = Code(rawValue: "unknownKind")
        /// A deflated message that is broken or inflates beyond the limit.
        public static let compression = Code(rawValue: "compression")
    }

    public let code: Code
    /// A sentence for an operator.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    static func tooLong(_ length: Int, limit: Int) -> FrameError {
        FrameError(.tooLong, "a frame of \(length) bytes is over the limit of \(limit)")
    }

    public var description: String { message }
}
