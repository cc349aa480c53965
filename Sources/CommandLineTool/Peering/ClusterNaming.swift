import KubernetesModel
import OffloadingModel

/// What a cluster may be called, so that its ForeignCluster, its virtual node and that node's labels can be named after it.
enum ClusterNaming {
    /// The virtual node's name is a label's value, too.
    private static let longest = 63 - Names.virtualNode("").utf8.count

    /// - Returns: what is wrong with a cluster's name; `nil` where nothing is.
    static func problem(name: String) -> String? {
        guard name.utf8.count <= longest else { return "must be no more than \(longest) bytes" }
        return LabelSyntax.problem(subdomain: name)
    }
}
