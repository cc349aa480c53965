package import JSONTree

/// One rule of a role (`rbac.authorization.k8s.io/v1 PolicyRule`).
package struct AccessRule: Sendable, Hashable {
    package var groups: [String]
    package var resources: [String]
    package var verbs: [String]
    /// Only these objects; empty for all.
    package var names: [String]

    package init(_ group: String, _ resources: [String], _ verbs: [String], names: [String] = []) {
        groups = [group]
        self.resources = resources
        self.verbs = verbs
        self.names = names
    }

    package var json: JSON {
        var json: JSON = ["apiGroups": JSON(groups), "resources": JSON(resources), "verbs": JSON(verbs)]
        if !names.isEmpty { json["resourceNames"] = JSON(names) }
        return json
    }

    /// Looking at all of a kind, and being told of changes.
    package static let reading = ["get", "list", "watch"]
}
