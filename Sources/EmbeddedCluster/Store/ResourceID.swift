import KubernetesModel

/// What is stored together: a resource of a group, whatever versions it is served in.
struct ResourceID: Sendable, Hashable, CustomStringConvertible {
    let group: String
    let plural: String

    init(group: String, plural: String) {
        self.group = group
        self.plural = plural
    }

    init(_ type: ResourceType) { self.init(group: type.group, plural: type.plural) }

    /// Reads `pods` or `deployments.apps`.
    init(text: String) {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        self.init(group: parts.count > 1 ? String(parts[1]) : "", plural: String(parts.first ?? ""))
    }

    /// `pods` or `deployments.apps`.
    var description: String { group.isEmpty ? plural : "\(plural).\(group)" }
}

/// One object among all.
struct ObjectReference: Sendable, Hashable {
    let resource: ResourceID
    let key: ObjectKey
}
