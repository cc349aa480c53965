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

    /// Whether a text can be a cluster's id: 1 to 63 letters, digits and hyphens.
    static func isID(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count) && text.first != "-" && text.last != "-"
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45
            }
    }
}
