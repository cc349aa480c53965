import ClusterAPI
import JSONTree
import KubernetesModel

/// The objects that every cluster has, made where they are missing: the system's namespaces and priority classes, and the
/// Service by which pods know the API.
struct SystemObjects: Sendable {
    /// The classes that exist from the beginning (`k8s.io/kubernetes/pkg/apis/scheduling`).
    static let priorityClasses = [
        (
            name: "system-cluster-critical", value: 2_000_000_000,
            description:
                "Used for system critical pods that must run in the cluster, but can be moved to another node if "
                + "necessary."
        ),
        (
            name: "system-node-critical", value: 2_000_001_000,
            description: "Used for system critical pods that must not be moved from their current node."
        ),
    ]

    let api: any ClusterAPI

    func ensure() async throws {
        for name in ["default", "kube-system", "kube-public", "kube-node-lease"] {
            try await create(.namespaces, KubernetesObject(.namespaces, name: name))
        }
        for known in Self.priorityClasses {
            try await create(
                .priorityClasses,
                KubernetesObject(
                    .priorityClasses, name: known.name,
                    ["value": JSON(known.value), "description": .string(known.description)]))
        }
    }

    /// The Service `kubernetes` with its endpoint.
    ///
    /// - Parameters:
    ///   - clusterIP: the first address of the services' range.
    ///   - host: the IPv4 address at which the API listens.
    func ensureService(clusterIP: String, host: String, port: Int) async throws {
        let name = "kubernetes"
        let namespace = "default"
        try await create(
            .services,
            KubernetesObject(
                .services, name: name, namespace: namespace,
                [
                    "metadata": ["labels": ["component": "apiserver", "provider": "kubernetes"]],
                    "spec": [
                        "clusterIP": .string(clusterIP),
                        "ports": [["name": "https", "port": 443, "protocol": "TCP", "targetPort": JSON(port)]],
                    ],
                ]))
        try await put(
            .endpoints,
            KubernetesObject(
                .endpoints, name: name, namespace: namespace,
                [
                    "metadata": ["labels": ["endpointslice.kubernetes.io/skip-mirror": "true"]],
                    "subsets": [
                        [
                            "addresses": [["ip": .string(host)]],
                            "ports": [["name": "https", "port": JSON(port), "protocol": "TCP"]],
                        ]
                    ],
                ]), "subsets")
        try await put(
            .endpointSlices,
            KubernetesObject(
                .endpointSlices, name: name, namespace: namespace,
                [
                    "metadata": ["labels": [EndpointSlicePlan.serviceName: .string(name)]],
                    "addressType": "IPv4",
                    "endpoints": [["addresses": [.string(host)], "conditions": ["ready": true]]],
                    "ports": [["name": "https", "port": JSON(port), "protocol": "TCP"]],
                ]), "endpoints", "ports")
    }

    private func create(_ type: ResourceType, _ object: KubernetesObject) async throws {
        let namespace = type.isNamespaced ? object.namespace : nil
        guard try await api.find(type, namespace: namespace, name: object.name) == nil else { return }
        do {
            _ = try await api.create(type, object)
        } catch let error as APIError where error.isAlreadyExists {
            return
        }
    }

    /// Stores an object whose members have to be these.
    private func put(_ type: ResourceType, _ object: KubernetesObject, _ members: String...) async throws {
        guard var current = try await api.find(type, namespace: object.namespace, name: object.name) else {
            return try await create(type, object)
        }
        guard members.contains(where: { current.json[$0] != object.json[$0] }) else { return }
        for member in members { current.json[member] = object.json[member] }
        _ = try await api.update(type, current)
    }
}
