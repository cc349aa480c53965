/// When a container that ended is started again: the pod's `spec.restartPolicy`.
public enum RestartPolicy: String, Sendable, Hashable {
    case always = "Always"
    case onFailure = "OnFailure"
    case never = "Never"

    /// Whether a container that ended with `exitCode` is started again.
    public func restarts(afterExitCode exitCode: Int) -> Bool {
        switch self {
        case .always: true
        case .onFailure: exitCode != 0
        case .never: false
        }
    }
}
