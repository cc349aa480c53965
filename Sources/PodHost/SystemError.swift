import Glibc

/// A system call that failed.
public struct SystemError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What was tried, on what: `rename /var/…/state.json`.
    public let operation: String
    /// The `errno` value.
    public let code: Int32

    public init(_ operation: String, code: Int32) {
        self.operation = operation
        self.code = code
    }

    /// The failure that `errno` holds now.
    public static func last(_ operation: String) -> SystemError { SystemError(operation, code: errno) }

    /// The code in words: `No such file or directory`.
    public var reason: String { String(cString: strerror(code)) }
    public var description: String { "\(operation): \(reason)" }
    public var isNotFound: Bool { code == ENOENT }
    public var isNotPermitted: Bool { code == EPERM || code == EACCES }
}
