/// Why text is not the JSON that was asked for.
public struct JSONError: Error, Hashable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// Not JSON at all, or cut short.
        case syntax
        /// Bytes that are not UTF-8, or an escape that is no character.
        case text
        /// The same key twice in one object.
        case duplicateKey
        /// Deeper, longer or with more values than the limits allow.
        case limit
        /// A field is missing or has the wrong type or range.
        case field
        /// A patch that cannot be applied.
        case patch
    }

    public let code: Code
    /// Where in the text, in bytes; `nil` for errors about fields and patches.
    public let offset: Int?
    /// What is wrong, naming the field or the byte.
    public let message: String

    public init(_ code: Code, _ message: String, offset: Int? = nil) {
        self.code = code
        self.message = message
        self.offset = offset
    }

    public var description: String { offset.map { "\(message) (at byte \($0))" } ?? message }
}
