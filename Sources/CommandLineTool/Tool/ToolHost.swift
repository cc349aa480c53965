import Logging

/// Everything that the tool takes from outside: the process's, or a test's.
struct ToolHost: Sendable {
    /// The process's variables.
    var environment: [String: String]
    var output: any TextSink
    var errors: any TextSink
    /// Whether somebody can be asked.
    var isInteractive: Bool
    /// Reads a line of what was typed; `nil` at its end.
    var readLine: @Sendable () -> String?
    /// Reads the standard input to its end; `nil` where it is longer than the limit or cannot be read.
    var readInput: @Sendable (_ limit: Int) -> [UInt8]?
    /// Opens the cluster of a choice; nothing is connected yet.
    var open: @Sendable (ClusterChoice, Logger) throws -> OpenCluster
    /// Seconds since 1970.
    var now: @Sendable () -> Int
    var pace = Pace()

    /// How long is waited, and how often is looked.
    struct Pace: Sendable, Hashable {
        /// Between two looks at something that is waited for.
        var interval: Duration = .milliseconds(100)
        /// How long an edge may be out of reach before `peer` gives up, unless it was told how long to wait.
        var unreachablePatience: Duration = .seconds(30)
        /// How long `uninstall` gives the end of a peering that the other side is just telling.
        var settling: Duration = .seconds(3)
        /// How long a failed `peer` waits for what it made to be gone.
        var rollback: Duration = .seconds(15)
    }

    /// The host of the running command.
    @TaskLocal static var current = ToolHost.process
}
