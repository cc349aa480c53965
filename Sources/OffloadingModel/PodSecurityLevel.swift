/// How far hubs' pods may reach for the machines of an edge; the names are those of Kubernetes' Pod Security Standards.
public enum PodSecurityLevel: String, Sendable, Hashable, CaseIterable {
    /// Nothing that leads out of a container: no host namespaces, paths or ports, no privileged containers, no capabilities but
    /// the usual ones.
    case baseline
    /// Whatever the edge's own cluster allows.
    case privileged
}
