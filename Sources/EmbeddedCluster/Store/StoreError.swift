/// Why the state of an embedded cluster cannot be opened, read or written.
public struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of failure; open, because SQLite knows more of them than are told apart here.
    public struct Code: Sendable, Hashable, RawRepresentable {
        public let rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Another process uses the state folder.
        public static let locked = Code(rawValue: "locked")
        /// The file is no database of this program.
        public static let foreign = Code(rawValue: "foreign")
        /// The file was written by a later version of this program.
        public static let newer = Code(rawValue: "newer")
        /// The file is damaged.
        public static let corrupt = Code(rawValue: "corrupt")
        /// No room on the disk.
        public static let full = Code(rawValue: "full")
        /// The operating system refused to read or write.
        public static let inputOutput = Code(rawValue: "inputOutput")
        /// The store was closed.
        public static let closed = Code(rawValue: "closed")
    }

    public let code: Code
    /// A sentence that names the file and says what to do next.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { message }
}
