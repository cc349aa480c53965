/// Why a stream cannot do what was asked.
public struct StreamError: Error, Sendable, Hashable, CustomStringConvertible {
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The peer refused to open it; ``StreamError/reason`` says why.
        public static let refused = Code(rawValue: "refused")
        /// The peer broke it off.
        public static let failed = Code(rawValue: "failed")
        /// It is closed, or its connection is.
        public static let closed = Code(rawValue: "closed")
        /// Too many streams are open.
        public static let tooMany = Code(rawValue: "tooMany")
    }

    public let code: Code
    /// The peer's word for programs, such as `NotFound`, of a refusal; empty otherwise.
    public let reason: String
    /// A sentence for an operator.
    public let message: String

    public init(_ code: Code, reason: String = "", _ message: String) {
        self.code = code
        self.reason = reason
        self.message = message
    }

    public var description: String { message }
}
