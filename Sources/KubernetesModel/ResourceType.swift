/// One kind of resource as an API server serves it: group, version, plural, kind.
public struct ResourceType: Sendable, Hashable, CustomStringConvertible {
    /// The API group; empty for the core group.
    public let group: String
    public let version: String
    /// The plural name in paths, such as `pods`.
    public let plural: String
    public let kind: String
    /// Whether objects live in namespaces.
    public let isNamespaced: Bool

    public init(group: String, version: String, plural: String, kind: String, isNamespaced: Bool) {
        self.group = group
        self.version = version
        self.plural = plural
        self.kind = kind
        self.isNamespaced = isNamespaced
    }

    /// `v1` or `apps/v1`, as objects write it.
    public var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// `pods` or `deployments.apps`, as messages and CRD names write it.
    public var groupResource: String { group.isEmpty ? plural : "\(plural).\(group)" }

    /// The path below which the resource is served: `/api/v1` or `/apis/apps/v1`.
    public var versionPath: String { group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)" }

    public var description: String { "\(groupResource)/\(version)" }

    /// The path of a collection, or of one object with its subresource, for an API server.
    public func path(namespace: String? = nil, name: String? = nil, subresource: String? = nil) -> String {
        var path = versionPath
        if isNamespaced, let namespace { path += "/namespaces/\(namespace)" }
        path += "/\(plural)"
        if let name { path += "/\(name)" }
        if let subresource { path += "/\(subresource)" }
        return path
    }
}

extension ResourceType {
    private static func core(_ plural: String, _ kind: String, isNamespaced: Bool = true) -> ResourceType {
        ResourceType(group: "", version: "v1", plural: plural, kind: kind, isNamespaced: isNamespaced)
    }

    public static let namespaces = core("namespaces", "Namespace", isNamespaced: false)
    public static let nodes = core("nodes", "Node", isNamespaced: false)
    public static let pods = core("pods", "Pod")
    public static let podTemplates = core("podtemplates", "PodTemplate")
    public static let replicationControllers = core("replicationcontrollers", "ReplicationController")
    public static let services = core("services", "Service")
    public static let endpoints = core("endpoints", "Endpoints")
    public static let configMaps = core("configmaps", "ConfigMap")
    public static let secrets = core("secrets", "Secret")
    public static let serviceAccounts = core("serviceaccounts", "ServiceAccount")
    public static let coreEvents = core("events", "Event")
    public static let deployments = ResourceType(
        group: "apps", version: "v1", plural: "deployments", kind: "Deployment", isNamespaced: true)
    public static let replicaSets = ResourceType(
        group: "apps", version: "v1", plural: "replicasets", kind: "ReplicaSet", isNamespaced: true)
    public static let jobs = ResourceType(
        group: "batch", version: "v1", plural: "jobs", kind: "Job", isNamespaced: true)
    public static let podDisruptionBudgets = ResourceType(
        group: "policy", version: "v1", plural: "poddisruptionbudgets", kind: "PodDisruptionBudget", isNamespaced: true)
    public static let leases = ResourceType(
        group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease", isNamespaced: true)
    public static let endpointSlices = ResourceType(
        group: "discovery.k8s.io", version: "v1", plural: "endpointslices", kind: "EndpointSlice", isNamespaced: true)
    public static let mutatingWebhookConfigurations = ResourceType(
        group: "admissionregistration.k8s.io", version: "v1", plural: "mutatingwebhookconfigurations",
        kind: "MutatingWebhookConfiguration", isNamespaced: false)
    public static let clusterRoles = ResourceType(
        group: "rbac.authorization.k8s.io", version: "v1", plural: "clusterroles", kind: "ClusterRole",
        isNamespaced: false)
    public static let clusterRoleBindings = ResourceType(
        group: "rbac.authorization.k8s.io", version: "v1", plural: "clusterrolebindings", kind: "ClusterRoleBinding",
        isNamespaced: false)
    public static let roles = ResourceType(
        group: "rbac.authorization.k8s.io", version: "v1", plural: "roles", kind: "Role", isNamespaced: true)
    public static let roleBindings = ResourceType(
        group: "rbac.authorization.k8s.io", version: "v1", plural: "rolebindings", kind: "RoleBinding",
        isNamespaced: true)
    public static let customResourceDefinitions = ResourceType(
        group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions",
        kind: "CustomResourceDefinition", isNamespaced: false)
    /// `discovery.liqo.io/v1alpha1`: one peered cluster.
    public static let foreignClusters = ResourceType(
        group: "discovery.liqo.io", version: "v1alpha1", plural: "foreignclusters", kind: "ForeignCluster",
        isNamespaced: false)
    /// `offloading.liqo.io/v1alpha1`: how one namespace is offloaded; always named `offloading`.
    public static let namespaceOffloadings = ResourceType(
        group: "offloading.liqo.io", version: "v1alpha1", plural: "namespaceoffloadings", kind: "NamespaceOffloading",
        isNamespaced: true)
}
