/// What separates a pod's processes from the host's.
public enum Isolation: String, Sendable, Hashable {
    /// Namespaces made as root: processes, mounts, host name, and the network where the plan says so.
    case privileged
    /// The same namespaces inside a user namespace of its own, made without root.
    case userNamespace
    /// None: the supervisor finds the pod's processes as its descendants.
    case none
}
