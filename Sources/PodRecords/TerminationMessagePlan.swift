public import JSONTree

/// Where a container leaves its last words: `terminationMessagePath` and `terminationMessagePolicy`.
public struct TerminationMessagePlan: Sendable, Hashable {
    /// The most bytes that are kept of the file, and of the log in its place; as the kubelet has it.
    public static let longest = 4096
    public static let longestOfLog = 2048
    public static let mostLinesOfLog = 80

    /// An absolute path in the container.
    public var path: String
    /// Whether the end of the log counts where a container fails and has written nothing there.
    public var fallsBackToLog: Bool

    public init(path: String = "/dev/termination-log", fallsBackToLog: Bool = false) {
        self.path = path
        self.fallsBackToLog = fallsBackToLog
    }

    public var json: JSON { ["path": JSON(path), "fallsBackToLog": JSON(fallsBackToLog)] }

    public init(_ fields: JSONFields) throws(JSONError) {
        path = try fields.string("path")
        fallsBackToLog = try fields.bool("fallsBackToLog")
    }
}
