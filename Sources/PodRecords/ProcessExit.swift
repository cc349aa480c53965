/// How a process ended, as the kernel reports it.
public enum ProcessExit: Sendable, Hashable {
    case code(Int)
    case signal(Int)

    /// Reads the status that `waitpid` gives for a process that ended.
    public init(waitStatus: Int32) {
        let signal = Int(waitStatus & 0x7F)
        self = signal == 0 ? .code(Int(waitStatus >> 8) & 0xFF) : .signal(signal)
    }

    /// The run this ended, in Kubernetes' words.
    public func termination(startedAt: WallTime?, finishedAt: WallTime) -> Termination {
        switch self {
        case .code(let code):
            Termination(
                exitCode: code, reason: code == 0 ? "Completed" : "Error", startedAt: startedAt, finishedAt: finishedAt)
        case .signal(let signal):
            Termination(
                exitCode: min(255, 128 + signal), signal: signal, reason: "Error", startedAt: startedAt,
                finishedAt: finishedAt)
        }
    }
}
