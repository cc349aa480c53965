/// Why a text or a stored record is no peer token. Never repeats the text.
public struct TokenError: Error, Sendable, Hashable, CustomStringConvertible {
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Not a token's text: cut short, too long, or with foreign characters.
        public static let malformed = Code(rawValue: "malformed")
        /// A token of a version that this code does not know.
        public static let version = Code(rawValue: "version")
        /// A stored record that lacks a field or has a wrong one.
        public static let record = Code(rawValue: "record")
        /// A life that is not allowed.
        public static let lifetime = Code(rawValue: "lifetime")
    }

    public let code: Code
    /// A sentence for an operator, with what to do next.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
