public import JSONTree

/// Where a container is in its life.
public enum ContainerState: Sendable, Hashable {
    /// Not running, will or may run. The reason is Kubernetes' (`ContainerCreating`, `CrashLoopBackOff`, …).
    case waiting(reason: String, message: String)
    case running(ProcessIdentity, startedAt: WallTime)
    case terminated(Termination)

    public var isRunning: Bool { if case .running = self { true } else { false } }
    public var termination: Termination? { if case .terminated(let end) = self { end } else { nil } }

    public var json: JSON {
        switch self {
        case .waiting(let reason, let message):
            ["waiting": ["reason": JSON(reason), "message": JSON(message)]]
        case .running(let process, let startedAt):
            ["running": ["process": process.json, "startedAt": JSON(startedAt.nanoseconds)]]
        case .terminated(let end):
            ["terminated": end.json]
        }
    }

    public init(_ fields: JSONFields) throws(JSONError) {
        if let waiting = try fields.optionalObject("waiting") {
            self = .waiting(
                reason: try waiting.string("reason"), message: try waiting.optionalString("message") ?? "")
        } else if let running = try fields.optionalObject("running") {
            self = .running(
                try ProcessIdentity(try running.object("process")),
                startedAt: WallTime(nanoseconds: try running.int("startedAt")))
        } else if let terminated = try fields.optionalObject("terminated") {
            self = .terminated(try Termination(terminated))
        } else {
            throw fields.error("waiting", "missing, and so are running and terminated")
        }
    }
}
