import Yams

/// A place in a kubeconfig file: its value, and how to name it in an error.
struct KubeconfigNode {
    let node: Node
    let file: String
    /// Such as `clusters[home].cluster`; empty for the document.
    let path: String

    func error(_ problem: String) -> KubeconfigError {
        KubeconfigError(file: file, line: node.mark?.line, field: path, problem)
    }

    private var isNull: Bool {
        guard case .scalar(let scalar) = node, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// A member that is present and not null.
    func member(_ key: String) throws(KubeconfigError) -> KubeconfigNode? {
        guard case .mapping(let mapping) = node else { throw error("must be a mapping of keys to values") }
        guard let value = mapping.first(where: { $0.key.string == key })?.value else { return nil }
        let child = KubeconfigNode(node: value, file: file, path: path.isEmpty ? key : "\(path).\(key)")
        return child.isNull ? nil : child
    }

    /// The text of a member; nil if it is absent, null or empty.
    func text(_ key: String) throws(KubeconfigError) -> String? {
        guard let child = try member(key) else { return nil }
        guard case .scalar(let scalar) = child.node else { throw child.error("must be a text") }
        return scalar.string.isEmpty ? nil : scalar.string
    }

    /// The value itself, which must be a text.
    func scalar() throws(KubeconfigError) -> String {
        guard case .scalar(let scalar) = node else { throw error("must be a text") }
        return scalar.string
    }

    /// The elements of a list that is a member; none if it is absent.
    func elements(_ key: String) throws(KubeconfigError) -> [KubeconfigNode] {
        guard let child = try member(key) else { return [] }
        guard case .sequence(let elements) = child.node else { throw child.error("must be a list") }
        return elements.enumerated().map { KubeconfigNode(node: $1, file: file, path: "\(child.path)[\($0)]") }
    }

    /// The truth of a member; false if it is absent.
    func flag(_ key: String) throws(KubeconfigError) -> Bool {
        guard let child = try member(key) else { return false }
        switch child.node.string {
        case "true": return true
        case "false": return false
        default: throw child.error("must be true or false")
        }
    }

    /// The entries of a list of named things: each entry's name, and the mapping under `key`.
    func entries(_ list: String, _ key: String) throws(KubeconfigError) -> [(name: String, node: KubeconfigNode)] {
        guard let child = try member(list) else { return [] }
        guard case .sequence(let elements) = child.node else { throw child.error("must be a list") }
        var entries: [(name: String, node: KubeconfigNode)] = []
        for (index, element) in elements.enumerated() {
            let place = KubeconfigNode(node: element, file: file, path: "\(list)[\(index)]")
            guard let name = try place.text("name") else { throw place.error("has no name") }
            let named = KubeconfigNode(node: element, file: file, path: "\(list)[\(name)]")
            guard let value = try named.member(key) else {
                // kubectl writes `user: {}` for a user without credentials, and takes an absent one for it.
                entries.append(
                    (name, KubeconfigNode(node: Node([(Node, Node)]()), file: file, path: "\(named.path).\(key)")))
                continue
            }
            entries.append((name, value))
        }
        return entries
    }
}
