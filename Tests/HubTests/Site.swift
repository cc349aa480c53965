import Agent
import ClusterAPI
import Digests
import Enrolment
import Glibc
import Hub
import JSONTree
import KubernetesModel
import Logging
import NIOPosix
import OffloadingModel
import PeerTransport
import Sessions
import Synchronization
import TLSTransport
import TestKit
import Wire

/// One cluster with a hub, an agent or both, which talk TLS over loopback with those of other sites.
final class Site: Sendable {
    let name: String
    let id: String
    let cluster = FakeCluster()
    private let folders: [PeerRole: TemporaryFolder] = [.hub: TemporaryFolder(), .agent: TemporaryFolder()]
    private let authorities: [PeerRole: CertificateAuthority]
    private let ports = Mutex<[PeerRole: Int]>([:])
    private let tasks = Mutex<[PeerRole: Task<Void, any Error>]>([:])
    /// How much of the site each hub may use.
    private let share: EdgeShare

    private static func now() -> Int { time(nil) }

    /// - Parameter number: makes the cluster's id.
    init(_ name: String, _ number: Int, share: EdgeShare = .everything) async throws {
        self.name = name
        self.share = share
        id = "abcdef0\(number)-0000"
        authorities = [
            .hub: try .create(commonName: "\(name) hub", now: Int64(Self.now())),
            .agent: try .create(commonName: "\(name) agent", now: Int64(Self.now())),
        ]
        _ = try await cluster.create(.namespaces, KubernetesObject(.namespaces, name: Names.systemNamespace))
        let amounts: JSON = ["cpu": "4", "memory": "8Gi", "pods": "110"]
        _ = try await cluster.create(
            .nodes,
            KubernetesObject(
                .nodes, name: "n1",
                [
                    "status": [
                        "capacity": amounts, "allocatable": amounts,
                        "conditions": [["type": "Ready", "status": "True"]],
                        "nodeInfo": ["architecture": "amd64", "operatingSystem": "linux"],
                    ]
                ]))
    }

    /// Runs sites with daemons of these roles while `body` does.
    static func run(_ sites: [(Site, Set<PeerRole>)], _ body: () async throws -> Void) async throws {
        func stop() async { for (site, roles) in sites { for role in roles { await site.stop(role) } } }
        do {
            for (site, roles) in sites { for role in roles { try await site.start(role) } }
            try await body()
        } catch {
            await stop()
            throw error
        }
        await stop()
    }

    func start(_ role: PeerRole) async throws {
        guard let authority = authorities[role], let folder = folders[role]?.path else { return }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let listen = PeerAddress(host: "127.0.0.1", port: ports.withLock { $0[role] ?? 0 })
        let credentials = try FileCredentialStore(stateFolder: folder)
        let identity = try PeeringAuthority(authority: authority, clusterID: id, now: Self.now())
        let peerings = FilePeeringStore(stateFolder: folder)
        switch role {
        case .hub:
            var configuration = HubConfiguration(clusterID: id, clusterName: name, version: "1")
            configuration.probeInterval = .milliseconds(50)
            configuration.withdrawalPatience = .milliseconds(300)
            configuration.farewellInterval = .milliseconds(300)
            configuration.listen = listen
            let hub = try Hub(
                configuration: configuration, cluster: cluster, credentials: credentials, authority: identity,
                peerings: peerings, endpoints: NodeEndpoints(), group: MultiThreadedEventLoopGroup.singleton,
                logger: logger, now: Self.now)
            keep(role, try await hub.bind() ?? 0, Task { try await hub.run() })
        case .agent:
            var configuration = AgentConfiguration(clusterID: id, clusterName: name, version: "1", listen: listen)
            configuration.advertiseDelay = .milliseconds(10)
            configuration.share = share
            let agent = try Agent(
                configuration: configuration, cluster: cluster, authority: identity, peerings: peerings,
                credentials: credentials, logger: logger, now: Self.now)
            keep(role, try await agent.bind(), Task { try await agent.run() })
        }
    }

    private func keep(_ role: PeerRole, _ port: Int, _ task: Task<Void, any Error>) {
        ports.withLock { $0[role] = port }
        tasks.withLock { $0[role] = task }
    }

    func stop(_ role: PeerRole) async {
        let task = tasks.withLock { $0.removeValue(forKey: role) }
        task?.cancel()
        _ = await task?.result
    }

    // MARK: - As causewayctl and kubectl would

    private func address(_ role: PeerRole) -> String { "tls://127.0.0.1:\(ports.withLock { $0[role] ?? 0 })" }

    /// Makes the other site an edge of this one, which dials it.
    func peer(_ edge: Site) async throws { try await ask(edge, .outgoing, "foreignAuthUrl", "outgoingPeeringEnabled") }

    /// Makes this site an edge of the other one, which it dials.
    func join(_ hub: Site) async throws { try await ask(hub, .incoming, "foreignHubUrl", "incomingPeeringEnabled") }

    private func ask(_ other: Site, _ direction: PeeringDirection, _ field: String, _ wish: String) async throws {
        let role: PeerRole = direction == .outgoing ? .agent : .hub
        let token = try await other.token(role)
        _ = try await cluster.create(
            .secrets,
            KubernetesObject(
                .secrets, name: Names.tokenSecret(foreignCluster: other.name, direction),
                namespace: Names.systemNamespace,
                ["data": ["token": .string(Base64.encode(Array(token.text.utf8)))]]))
        let spec: JSON = [field: .string(other.address(role)), wish: "Yes"]
        guard try await foreign(other) == nil else {
            _ = try await cluster.merge(
                .foreignClusters, name: other.name,
                [
                    "metadata": ["annotations": [Names.tokenIDAnnotation(direction): .string(token.id)]],
                    "spec": spec,
                ])
            return
        }
        var new = ForeignCluster(
            name: other.name, clusterID: other.id, clusterName: other.name, authURL: "", outgoing: .auto,
            incoming: .auto)
        for (key, value) in spec.object ?? JSONObject() { new.object.json["spec", key] = value }
        _ = try await cluster.create(.foreignClusters, new.object)
    }

    private func token(_ role: PeerRole) async throws -> PeerToken {
        let token = try PeerToken.make(
            randomBytes: RandomBytes.generate(count: PeerToken.randomByteCount),
            authorityPin: authorities[role]?.certificate.subjectPublicKeyInfoSHA256 ?? [])
        let record = try TokenRecord(
            token: token, secretHash: SHA256.hash(token.secret), now: Self.now(), issuer: role)
        _ = try await cluster.create(.secrets, record.secret)
        return token
    }

    /// Has a namespace of this site offloaded to all its edges.
    func offload(_ namespace: String, _ mapping: NamespaceMapping = .defaultName) async throws {
        _ = try await cluster.create(.namespaces, KubernetesObject(.namespaces, name: namespace))
        try await offload(existing: namespace, mapping)
    }

    func offload(existing namespace: String, _ mapping: NamespaceMapping = .defaultName) async throws {
        _ = try await cluster.create(
            .namespaceOffloadings,
            KubernetesObject(
                .namespaceOffloadings, name: Names.offloading, namespace: namespace,
                ["spec": ["namespaceMappingStrategy": .string(mapping.rawValue), "podOffloadingStrategy": "Remote"]]))
    }

    /// A pod that is bound to the virtual node of an edge.
    func createPod(_ name: String, in namespace: String, on edge: Site, spec: JSON = [:]) async throws {
        var whole: JSON = [
            "nodeName": .string("liqo-\(edge.name)"), "containers": [["name": "c", "image": "nginx"]],
        ]
        for (key, value) in spec.object ?? JSONObject() { whole[key] = value }
        _ = try await cluster.create(
            .pods, KubernetesObject(.pods, name: name, namespace: namespace, ["spec": whole]))
    }

    /// Where a namespace of an origin is at this site.
    func namespace(_ namespace: String, of origin: Site) -> String {
        "\(namespace)-\(origin.name)-\(origin.id.prefix(6))"
    }

    // MARK: - What there is

    func foreign(_ other: Site) async throws -> ForeignCluster? {
        try await cluster.find(.foreignClusters, name: other.name).map(ForeignCluster.init)
    }

    /// Whether the other site is an edge of this one, both ways of it told as good.
    func isOriginOf(_ other: Site) async throws -> Bool {
        guard let foreign = try await foreign(other), foreign.isEstablished(.outgoing) else { return false }
        return [.network, .authentication, .apiServer].allSatisfy {
            foreign.condition($0, of: .outgoing).status == .established
        }
    }

    /// Whether this site is an edge of the other one.
    func isEdgeOf(_ other: Site) async throws -> Bool {
        guard let foreign = try await foreign(other), foreign.isEstablished(.incoming) else { return false }
        return [.network, .authentication, .apiServer].allSatisfy {
            foreign.condition($0, of: .incoming).status == .established
        }
    }

    func pod(_ name: String, in namespace: String) async throws -> KubernetesObject? {
        try await cluster.find(.pods, namespace: namespace, name: name)
    }

    /// What the virtual node of an edge gives, by resource.
    func allocatable(of edge: Site) async throws -> [String: String] {
        try await cluster.find(.nodes, name: "liqo-\(edge.name)")?.status["allocatable"]?.stringMap ?? [:]
    }
}
