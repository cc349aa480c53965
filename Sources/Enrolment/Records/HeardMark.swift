import JSONTree

/// When a peer was last heard, on the machine's own clocks; also any reading of those clocks.
///
/// The time since boot is the one that counts: nobody sets it, and it goes on over restarts of a process. A boot is told from
/// another by its id.
public struct HeardMark: Sendable, Hashable {
    /// The kernel's id of the boot.
    public var boot: String
    /// Milliseconds since the boot, sleep included.
    public var uptime: Int
    /// Seconds since 1970, for the time over a boot only.
    public var time: Int

    public init(boot: String, uptime: Int, time: Int) {
        self.boot = boot
        self.uptime = uptime
        self.time = time
    }

    /// How long ago this was, given the clocks now.
    ///
    /// After a boot nobody knows exactly: it is at least the time since that boot, and longer where the wall clock says so.
    public func silence(at now: HeardMark) -> Duration {
        if now.boot == boot { return .milliseconds(max(0, now.uptime - uptime)) }
        return max(.milliseconds(now.uptime), .seconds(max(0, now.time - time)))
    }

    /// - Throws: `JSONError` naming the field.
    init(fields: JSONFields) throws(JSONError) {
        self.init(
            boot: try fields.string("boot", limit: 64), uptime: try fields.int("uptime"), time: try fields.int("time"))
    }

    var json: JSON { ["boot": .string(boot), "uptime": JSON(uptime), "time": JSON(time)] }
}
