public import JSONTree

/// A process that cannot be mistaken for a later one with the same number.
public struct ProcessIdentity: Sendable, Hashable {
    /// The process number as the host sees it.
    public var pid: Int
    /// When the process started, in clock ticks since boot: field 22 of `/proc/PID/stat`.
    public var startTicks: Int

    public init(pid: Int, startTicks: Int) {
        self.pid = pid
        self.startTicks = startTicks
    }

    public var json: JSON { ["pid": JSON(pid), "startTicks": JSON(startTicks)] }

    public init(_ fields: JSONFields) throws(JSONError) {
        pid = try fields.int("pid", in: 1...Int(Int32.max))
        startTicks = try fields.int("startTicks")
    }
}
