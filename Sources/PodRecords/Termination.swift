public import JSONTree

/// How one run of a container ended.
public struct Termination: Sendable, Hashable {
    /// The exit status, or 128 and the signal's number, as Kubernetes counts it.
    public var exitCode: Int
    /// The signal that ended the main process; `nil` where it exited by itself.
    public var signal: Int?
    /// In Kubernetes' words: `Completed`, `Error`, `StartError`, `Unknown`.
    public var reason: String
    /// What to know beyond the reason; empty for a plain end.
    public var message: String
    /// `nil` where the run never began.
    public var startedAt: WallTime?
    public var finishedAt: WallTime

    public init(
        exitCode: Int, signal: Int? = nil, reason: String, message: String = "", startedAt: WallTime?,
        finishedAt: WallTime
    ) {
        self.exitCode = exitCode
        self.signal = signal
        self.reason = reason
        self.message = message
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }

    public var json: JSON {
        var json: JSON = ["exitCode": JSON(exitCode), "reason": JSON(reason)]
        if let signal { json["signal"] = JSON(signal) }
        if !message.isEmpty { json["message"] = JSON(message) }
        if let startedAt { json["startedAt"] = JSON(startedAt.nanoseconds) }
        json["finishedAt"] = JSON(finishedAt.nanoseconds)
        return json
    }

    public init(_ fields: JSONFields) throws(JSONError) {
        exitCode = try fields.int("exitCode", in: 0...255)
        signal = try fields.optionalInt("signal", in: 1...64)
        reason = try fields.string("reason")
        message = try fields.optionalString("message") ?? ""
        startedAt = try fields.optionalInt("startedAt").map(WallTime.init(nanoseconds:))
        finishedAt = WallTime(nanoseconds: try fields.int("finishedAt"))
    }
}
