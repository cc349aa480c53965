import ClusterAPI
import Digests
import Glibc
import JSONTree
import KubernetesModel
import OffloadingModel
import Sessions

/// What `causewayctl` writes into clusters, without the time that its process takes to start.
extension ClusterAPI {
    /// As `generate peer-command` and `generate join-command`: a token of this cluster.
    ///
    /// - Parameter pin: the SHA-256 of the public key of its authority.
    func issueToken(pin: [UInt8]) async throws -> PeerToken {
        let token = try PeerToken.make(
            randomBytes: RandomBytes.generate(count: PeerToken.randomByteCount), authorityPin: pin)
        let record = try TokenRecord(
            token: token, secretHash: SHA256.hash(token.secret), now: time(nil),
            lifetime: TokenRecord.maximumLifetime)
        _ = try await create(.secrets, record.secret)
        return token
    }

    /// Returns when the cluster's daemon has deleted the tokens that were used, or when the time is over.
    func waitForTokensToGo(within limit: Duration) async throws {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            let tokens = try await list(
                .secrets, namespace: Names.systemNamespace, ListOptions(labelSelector: Names.tokenLabel, limit: 1))
            if tokens.items.isEmpty { return }
            try await Task.sleep(for: .seconds(1))
        }
    }

    /// As `peer out-of-band` and `join out-of-band`.
    func ask(for peering: ForeignCluster, token: String) async throws {
        _ = try await create(
            .secrets,
            KubernetesObject(
                .secrets,
                name: Names.tokenSecret(
                    foreignCluster: peering.name, peering.incomingEnabled == .yes ? .incoming : .outgoing),
                namespace: Names.systemNamespace,
                ["type": "Opaque", "data": ["token": .string(Base64.encode(token.utf8))]]))
        _ = try await create(.foreignClusters, peering.object)
    }

    /// As `offload namespace` with the same name at the edges and remote pods only; returns when it is Ready.
    func offloadNamespace(_ name: String) async throws {
        _ = try await create(.namespaces, KubernetesObject(.namespaces, name: name))
        _ = try await create(
            .namespaceOffloadings,
            KubernetesObject(
                .namespaceOffloadings, name: Names.offloading, namespace: name,
                ["spec": ["namespaceMappingStrategy": "EnforceSameName", "podOffloadingStrategy": "Remote"]]))
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            let object = try await get(.namespaceOffloadings, namespace: name, name: Names.offloading)
            if NamespaceOffloading(object).phase == .ready { return }
            guard ContinuousClock.now < deadline else {
                throw BenchmarkFailure("the namespace \(name) was not offloaded within a minute")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Has so many equal pods made.
    ///
    /// - Parameter tolerations: of those pods.
    func deploy(_ count: Int, in namespace: String, tolerations: [JSON] = []) async throws {
        var spec: JSON = ["containers": [["name": "main", "image": "nginx"]]]
        if !tolerations.isEmpty { spec["tolerations"] = .array(tolerations) }
        _ = try await create(
            .deployments,
            KubernetesObject(
                .deployments, name: "app", namespace: namespace,
                [
                    "spec": [
                        "replicas": JSON(count), "selector": ["matchLabels": ["app": "app"]],
                        "template": [
                            "metadata": ["labels": ["app": "app"]],
                            "spec": spec,
                        ],
                    ]
                ]))
    }
}
