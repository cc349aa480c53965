/// Which cluster a command talks to: for messages.
struct ClusterTarget: Sendable, Hashable, CustomStringConvertible {
    /// The context's name.
    let context: String
    /// The API server's URL.
    let server: String
    /// The kubeconfig files that were read.
    let kubeconfigs: [String]

    var description: String {
        let files = kubeconfigs.joined(separator: ", ")
        return "\"\(context)\"" + (files.isEmpty ? "" : " of \(files)")
    }
}
