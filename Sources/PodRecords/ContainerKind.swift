/// The part a container plays in its pod.
public enum ContainerKind: String, Sendable, Hashable {
    /// Runs to completion before the next one starts.
    case initial
    /// An init container with `restartPolicy: Always`: started in the order of init containers, stopped after the main ones.
    case sidecar
    case main
}
