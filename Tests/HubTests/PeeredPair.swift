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

/// Who dials whom in a peering; all else is the same.
enum Way: Sendable, CaseIterable {
    case hubDials
    case edgeJoins
}

/// A hub and an agent of their own clusters, talking TLS over loopback; both can be stopped and started anew.
final class PeeredPair: Sendable {
    let way: Way
    let origin = FakeCluster()
    let edge = FakeCluster()
    /// What the hub answers for at the origin, while it runs.
    let endpoints = NodeEndpoints()
    let folder = TemporaryFolder()
    let edgeFolder = TemporaryFolder()
    /// Who issues whose certificates: at the edge, and at the hub.
    let authorities: Mutex<(edge: Authorities, hub: Authorities)>
    /// How far the clocks are from the real one, in seconds.
    let clocks = Mutex((edge: 0, hub: 0))
    /// How long the edge waits for a hub that it has revoked.
    let revokedGracePeriod = Mutex(Duration.seconds(86_400))
    let hubAudit = AuditCollector()
    let edgeAudit = AuditCollector()
    let port = Mutex(0)
    let hubPort = Mutex(0)
    private let hub = Mutex<Task<Void, any Error>?>(nil)
    private let agent = Mutex<Task<Void, any Error>?>(nil)

    static let edgeID = "e1e1e1e1-0000"
    static let hubID = "abcdef01-0000"

    static func now() -> Int { time(nil) }

    /// A side's authority, with the next or the former one.
    struct Authorities: Sendable {
        var current: CertificateAuthority
        var next: CertificateAuthority?
        var former: CertificateAuthority?

        func peering(_ id: String) throws -> PeeringAuthority {
            try PeeringAuthority(
                authority: current, successor: next, predecessor: former?.certificate, clusterID: id,
                now: PeeredPair.now())
        }
    }

    init(_ way: Way = .hubDials) async throws {
        self.way = way
        // Older than any certificate that a test may want to have been issued.
        let made = Int64(Self.now()) - 90 * 86_400
        authorities = Mutex(
            (
                edge: Authorities(current: try .create(commonName: "edge", now: made)),
                hub: Authorities(current: try .create(commonName: "hub", now: made))
            ))
        let node: JSON = [
            "status": [
                "capacity": ["cpu": "4"], "allocatable": ["cpu": "4"],
                "conditions": [["type": "Ready", "status": "True"]],
                "nodeInfo": ["architecture": "amd64", "operatingSystem": "linux"],
            ]
        ]
        _ = try await edge.create(.nodes, KubernetesObject(.nodes, name: "n1", node))
        for cluster in [origin, edge] {
            _ = try await cluster.create(.namespaces, KubernetesObject(.namespaces, name: Names.systemNamespace))
        }
    }

    func startHub() async throws {
        var configuration = HubConfiguration(clusterID: Self.hubID, clusterName: "cloud", version: "1")
        configuration.probeInterval = .milliseconds(50)
        configuration.withdrawalPatience = .milliseconds(300)
        configuration.farewellInterval = .milliseconds(300)
        configuration.listen = PeerAddress(host: "127.0.0.1", port: hubPort.withLock { $0 })
        let new = try Hub(
            configuration: configuration, cluster: origin,
            credentials: try FileCredentialStore(stateFolder: folder.path),
            authority: try authorities.withLock { $0.hub }.peering(Self.hubID),
            peerings: FilePeeringStore(stateFolder: folder.path), endpoints: endpoints,
            group: MultiThreadedEventLoopGroup.singleton, logger: hubAudit.logger,
            now: { [self] in Self.now() + clocks.withLock { $0.hub } })
        let bound = try await new.bind() ?? 0
        hubPort.withLock { $0 = bound }
        hub.withLock { $0 = Task { try await new.run() } }
    }

    func startAgent() async throws {
        var configuration = AgentConfiguration(
            clusterID: Self.edgeID, clusterName: "rome", version: "1",
            listen: PeerAddress(host: "127.0.0.1", port: port.withLock { $0 }))
        configuration.labels = ["topology.liqo.io/type": "destination"]
        configuration.advertiseDelay = .milliseconds(10)
        configuration.revokedGracePeriod = revokedGracePeriod.withLock { $0 }
        let new = try Agent(
            configuration: configuration, cluster: edge,
            authority: try authorities.withLock { $0.edge }.peering(Self.edgeID),
            peerings: FilePeeringStore(stateFolder: edgeFolder.path),
            credentials: try FileCredentialStore(stateFolder: edgeFolder.path), logger: edgeAudit.logger,
            now: { [self] in Self.now() + clocks.withLock { $0.edge } })
        let bound = try await new.bind()
        port.withLock { $0 = bound }
        agent.withLock { $0 = Task { try await new.run() } }
    }

    /// Another agent with the edge's identity and peerings, on a port and a cluster of its own.
    func startClone() async throws -> (url: String, cluster: FakeCluster, task: Task<Void, any Error>) {
        let (cluster, folder) = (FakeCluster(), TemporaryFolder())
        _ = try await cluster.create(.namespaces, KubernetesObject(.namespaces, name: Names.systemNamespace))
        let peerings = FilePeeringStore(stateFolder: folder.path)
        for record in try await FilePeeringStore(stateFolder: edgeFolder.path).load() {
            try await peerings.save(record)
        }
        let agent = try Agent(
            configuration: AgentConfiguration(
                clusterID: Self.edgeID, clusterName: "rome", version: "1",
                listen: PeerAddress(host: "127.0.0.1", port: 0)),
            cluster: cluster, authority: try authorities.withLock { $0.edge }.peering(Self.edgeID), peerings: peerings,
            credentials: try FileCredentialStore(stateFolder: folder.path), logger: edgeAudit.logger,
            now: { Self.now() })
        let port = try await agent.bind()
        return (
            "tls://127.0.0.1:\(port)", cluster,
            Task {
                try await agent.run()
                _ = folder
            }
        )
    }

    func stopHub() async { await Self.stop(hub.withLock { $0.take() }) }
    func stopAgent() async { await Self.stop(agent.withLock { $0.take() }) }

    private static func stop(_ task: Task<Void, any Error>?) async {
        task?.cancel()
        _ = await task?.result
    }

    /// Runs both while `body` does.
    func run(_ body: () async throws -> Void) async throws {
        try await startAgent()
        try await startHub()
        do {
            try await body()
        } catch {
            await stopHub()
            await stopAgent()
            throw error
        }
        await stopHub()
        await stopAgent()
    }

    // MARK: - As causewayctl and kubectl would

    /// Makes a token where the other side dials.
    ///
    /// - Parameter name: the only cluster that may use it; `nil` for any.
    func makeToken(for name: String? = nil) async throws -> PeerToken {
        let token = try strangeToken()
        let record = try TokenRecord(
            token: token, secretHash: SHA256.hash(token.secret), now: Self.now(), boundName: name)
        _ = try await (way == .hubDials ? edge : origin).create(.secrets, record.secret)
        return token
    }

    /// A token that nobody has made, of the right authority.
    func strangeToken() throws -> PeerToken {
        try PeerToken.make(
            randomBytes: RandomBytes.generate(count: PeerToken.randomByteCount),
            authorityPin: authorities.withLock { way == .hubDials ? $0.edge : $0.hub }.current.certificate
                .subjectPublicKeyInfoSHA256)
    }

    /// Peers with a new token.
    func peer() async throws { try await peer(with: try await makeToken()) }

    /// Peers with a token.
    func peer(with token: PeerToken) async throws {
        switch way {
        case .hubDials:
            let asked = ForeignCluster(
                name: "rome", clusterID: Self.edgeID, clusterName: "rome",
                authURL: "tls://127.0.0.1:\(port.withLock { $0 })", outgoing: .yes, incoming: .auto)
            try await ask(for: asked, at: origin, with: token)
        case .edgeJoins:
            let asked = ForeignCluster(
                name: "cloud", clusterID: Self.hubID, clusterName: "cloud",
                authURL: "", hubURL: "tls://127.0.0.1:\(hubPort.withLock { $0 })", outgoing: .no, incoming: .yes)
            try await ask(for: asked, at: edge, with: token)
        }
    }

    /// Has the side that dials hold a token, and does not tell its daemon.
    func hold(_ token: PeerToken) async throws {
        let (dialler, name, direction) =
            way == .hubDials ? (origin, "rome", PeeringDirection.outgoing) : (edge, "cloud", .incoming)
        _ = try await dialler.create(
            .secrets,
            KubernetesObject(
                .secrets, name: Names.tokenSecret(foreignCluster: name, direction), namespace: Names.systemNamespace,
                ["data": ["token": .string(Base64.encode(Array(token.text.utf8)))]]))
    }

    private func ask(for asked: ForeignCluster, at dialler: FakeCluster, with token: PeerToken) async throws {
        let direction: PeeringDirection = way == .hubDials ? .outgoing : .incoming
        try await hold(token)
        guard try await dialler.find(.foreignClusters, name: asked.name) == nil else {
            // As for a peering whose certificates are of no use any more.
            _ = try await dialler.merge(
                .foreignClusters, name: asked.name,
                ["metadata": ["annotations": [Names.tokenIDAnnotation(direction): .string(token.id)]]])
            return
        }
        _ = try await dialler.create(.foreignClusters, asked.object)
    }

    /// Has the side that is dialled revoke the other's certificates.
    func revoke() async throws {
        let (issuer, name) = way == .hubDials ? (edge, "cloud") : (origin, "rome")
        _ = try await issuer.merge(
            .foreignClusters, name: name, ["metadata": ["annotations": [Names.revokeAnnotation: "true"]]])
    }

    /// What the edge says of its hub.
    func incoming() async throws -> ForeignCluster? {
        try await edge.find(.foreignClusters, name: "cloud").map(ForeignCluster.init)
    }

    func unpeer() async throws {
        try await origin.delete(.foreignClusters, namespace: nil, name: "rome", DeleteOptions())
    }

    func want(_ outgoing: String) async throws {
        _ = try await origin.merge(
            .foreignClusters, name: "rome", ["spec": ["outgoingPeeringEnabled": .string(outgoing)]])
    }

    func offload() async throws {
        _ = try await origin.create(.namespaces, KubernetesObject(.namespaces, name: "shop"))
        _ = try await origin.create(
            .namespaceOffloadings,
            KubernetesObject(
                .namespaceOffloadings, name: Names.offloading, namespace: "shop",
                ["spec": ["namespaceMappingStrategy": "EnforceSameName", "podOffloadingStrategy": "Remote"]]))
    }

    func createPod(_ name: String) async throws {
        _ = try await origin.create(
            .pods,
            KubernetesObject(
                .pods, name: name, namespace: "shop",
                ["spec": ["nodeName": "liqo-rome", "containers": [["name": "c", "image": "nginx"]]]]))
    }

    // MARK: - What there is

    func peering() async throws -> ForeignCluster? {
        try await origin.find(.foreignClusters, name: "rome").map(ForeignCluster.init)
    }

    func isEstablished() async throws -> Bool {
        guard let peering = try await peering() else { return false }
        return [.outgoing, .network, .authentication].allSatisfy { peering.isEstablished($0) }
    }

    func phase() async throws -> String? {
        try await origin.find(.namespaceOffloadings, namespace: "shop", name: Names.offloading)?
            .status["offloadingPhase"]?.string
    }

    func isOffloaded() async throws -> Bool {
        guard try await isEstablished() else { return false }
        return try await phase() == "Ready"
    }

    func edgePod(_ name: String) async throws -> KubernetesObject? {
        try await edge.find(.pods, namespace: "shop", name: name)
    }

    func originPod(_ name: String) async throws -> KubernetesObject? {
        try await origin.find(.pods, namespace: "shop", name: name)
    }

    /// As the edge's kubelet would.
    func run(pod name: String) async throws {
        var pod = try await edge.get(.pods, namespace: "shop", name: name)
        pod.status = ["phase": "Running", "podIP": "10.0.0.7", "conditions": [["type": "Ready", "status": "True"]]]
        _ = try await edge.updateStatus(.pods, pod)
    }

    func isEdgeEmpty() async throws -> Bool {
        let pods = try await edge.list(.pods).items
        let namespaces = try await edge.list(.namespaces).items
        return pods.isEmpty && namespaces.map(\.name) == [Names.systemNamespace]
    }

    /// Whether nothing of the hub is left at the edge.
    func isForgotten() async throws -> Bool {
        guard try await isEdgeEmpty() else { return false }
        return try await edge.list(.foreignClusters).items.isEmpty
    }
}
