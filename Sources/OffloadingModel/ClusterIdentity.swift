import KubernetesModel

/// What a peer may call itself: its id becomes a label and a file's name, its name an object's name.
public enum ClusterIdentity {
    /// Whether a text can be a cluster's id: 1 to 63 letters, digits and hyphens.
    public static func isID(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count) && text.first != "-" && text.last != "-"
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45
            }
    }

    /// Whether a text can be a cluster's name: an object's name, and part of a node's.
    public static func isName(_ text: String) -> Bool {
        text.utf8.count <= 248 && LabelSyntax.problem(subdomain: text) == nil
    }
}
