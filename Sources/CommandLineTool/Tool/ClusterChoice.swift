/// Which cluster was asked for on the command line.
struct ClusterChoice: Sendable, Hashable {
    /// `--kubeconfig`; `nil` for what the environment says.
    var kubeconfig: String?
    /// `--context`; `nil` for the current one.
    var context: String?
}
