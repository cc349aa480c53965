import JSONTree
import KubernetesModel
import OffloadingModel

/// What `offload namespace` was asked for, checked as far as that goes without a cluster.
struct OffloadingRequest: Sendable, Hashable {
    let namespace: String
    /// The NamespaceOffloading to make.
    let object: KubernetesObject

    /// Namespaces that the cluster or Causeway itself needs where they are.
    private static let systemNamespaces: Set<String> = [
        "kube-system", "kube-public", "kube-node-lease", Names.systemNamespace,
    ]

    /// - Parameter selectors: label selectors as text; one of them must match a cluster. None for all clusters.
    /// - Throws: `ToolError` naming the argument that is wrong.
    init(
        namespace: String, mapping: NamespaceMapping, podOffloading: PodOffloading, remoteNamespaceName: String?,
        selectors: [String]
    ) throws(ToolError) {
        if let problem = LabelSyntax.problem(dnsLabel: namespace) {
            throw ToolError("\"\(namespace)\" cannot be a namespace's name: \(problem)")
        }
        guard !Self.systemNamespaces.contains(namespace) else {
            throw ToolError("the namespace \"\(namespace)\" belongs to the cluster itself and cannot be offloaded")
        }
        var spec: JSON = [
            "namespaceMappingStrategy": .string(mapping.rawValue),
            "podOffloadingStrategy": .string(podOffloading.rawValue),
        ]
        switch (mapping, remoteNamespaceName) {
        case (.selectedName, let name?):
            if let problem = LabelSyntax.problem(dnsLabel: name) {
                throw ToolError("--remote-namespace-name \"\(name)\" cannot be a namespace's name: \(problem)")
            }
            guard !Self.systemNamespaces.contains(name) else {
                throw ToolError("--remote-namespace-name \"\(name)\" belongs to the remote cluster itself")
            }
            spec["remoteNamespaceName"] = .string(name)
        case (.selectedName, nil):
            throw ToolError("the strategy SelectedName needs a --remote-namespace-name")
        case (.defaultName, .some), (.enforceSameName, .some):
            throw ToolError("--remote-namespace-name needs --namespace-mapping-strategy SelectedName")
        case (.defaultName, nil), (.enforceSameName, nil):
            break
        }
        let terms = try Self.terms(selectors)
        if !terms.isEmpty { spec["clusterSelector"] = ["nodeSelectorTerms": .array(terms)] }
        self.namespace = namespace
        object = KubernetesObject(
            .namespaceOffloadings, name: Names.offloading, namespace: namespace, ["spec": spec])
    }

    /// One term of a node selector for each label selector.
    private static func terms(_ selectors: [String]) throws(ToolError) -> [JSON] {
        var terms: [JSON] = []
        for text in selectors {
            let selector: LabelSelector
            do {
                selector = try LabelSelector(text: text)
            } catch {
                throw ToolError("--selector \"\(text)\" is broken: \(error.message)")
            }
            guard !selector.isEmpty else {
                throw ToolError("--selector is empty: leave it away to select all clusters")
            }
            terms.append(["matchExpressions": .array(selector.requirements.map(expression))])
        }
        return terms
    }

    private static func expression(_ requirement: LabelSelector.Requirement) -> JSON {
        var expression: JSON = [
            "key": .string(requirement.key), "operator": .string(requirement.operator.rawValue),
        ]
        if !requirement.values.isEmpty { expression["values"] = JSON(requirement.values) }
        return expression
    }
}
