import Agent
import ClusterAPI
import Digests
import Enrolment
import FoundationEssentials
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

/// A hub and many edges that have joined it, each with a cluster of its own in memory, in one process.
final class JoinedFleet: Sendable {
    let origin = FakeCluster()
    private let authority: CertificateAuthority
    private let folder = TemporaryFolder()
    private let halfOpen: PeerListener.HalfOpenLimits
    private let port = Mutex(0)
    private let hub = Mutex<Task<Void, any Error>?>(nil)
    private let agents = Mutex<[Task<Void, any Error>]>([])

    private static let hubID = "abcdef01-0000"
    private static func now() -> Int { time(nil) }

    /// - Parameter halfOpen: how many connections may be unproved at the hub.
    init(halfOpen: PeerListener.HalfOpenLimits) async throws {
        self.halfOpen = halfOpen
        authority = try .create(commonName: "hub", now: Int64(Self.now()))
        _ = try await origin.create(.namespaces, KubernetesObject(.namespaces, name: Names.systemNamespace))
    }

    /// What the hub has logged for its audit.
    let audit = AuditCollector()
    /// What the edges have, in the order in which they joined.
    private let edges = Mutex<[Edge]>([])

    private struct Edge: Sendable {
        let name: String
        let id: String
        let cluster: FakeCluster
        let state: String
        let authority: CertificateAuthority
    }

    private var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    func startHub() async throws {
        var configuration = HubConfiguration(clusterID: Self.hubID, clusterName: "cloud", version: "1")
        configuration.listen = PeerAddress(host: "127.0.0.1", port: port.withLock { $0 })
        configuration.halfOpen = halfOpen
        let new = try Hub(
            configuration: configuration, cluster: origin,
            credentials: try FileCredentialStore(stateFolder: folder.path),
            authority: PeeringAuthority(authority: authority, clusterID: Self.hubID, now: Self.now()),
            peerings: FilePeeringStore(stateFolder: folder.path), endpoints: NodeEndpoints(),
            group: MultiThreadedEventLoopGroup.singleton, logger: audit.logger, now: Self.now)
        let bound = try await new.bind() ?? 0
        port.withLock { $0 = bound }
        hub.withLock { $0 = Task { try await new.run() } }
    }

    func stopHub() async {
        let task = hub.withLock { $0.take() }
        task?.cancel()
        _ = await task?.result
    }

    func stop() async {
        for task in agents.withLock({ $0 }) { task.cancel() }
        for task in agents.withLock({ $0 }) { _ = await task.result }
        await stopHub()
    }

    /// Starts an edge that dials the hub at once, with a token of it.
    func join(_ number: Int) async throws {
        let name = "edge-\(number)"
        let id = "e1e1e1e1-\(1000 + number)"
        let state = "\(folder.path)/\(name)"
        mkdir(state, 0o700)
        let edge = Edge(
            name: name, id: id, cluster: try await cluster(token: token().text), state: state,
            authority: try .create(commonName: name, now: Int64(Self.now())))
        edges.withLock { $0.append(edge) }
        try start(edge)
    }

    /// Starts another agent with all that the agent of an edge keeps in its folder, beside a cluster of its own.
    ///
    /// - Returns: the cluster.
    func clone(_ number: Int) async throws -> FakeCluster {
        let first = edges.withLock { $0[number] }
        let state = first.state + "-clone"
        try FileManager.default.copyItem(atPath: first.state, toPath: state)
        let cluster = try await cluster(token: nil)
        try start(
            Edge(name: first.name, id: first.id, cluster: cluster, state: state, authority: first.authority))
        return cluster
    }

    /// A cluster with a node and the wish to join the hub.
    private func cluster(token: String?) async throws -> FakeCluster {
        let cluster = FakeCluster()
        let node: JSON = [
            "status": [
                "capacity": ["cpu": "4"], "allocatable": ["cpu": "4"],
                "conditions": [["type": "Ready", "status": "True"]],
                "nodeInfo": ["architecture": "amd64", "operatingSystem": "linux"],
            ]
        ]
        _ = try await cluster.create(.nodes, KubernetesObject(.nodes, name: "n1", node))
        _ = try await cluster.create(.namespaces, KubernetesObject(.namespaces, name: Names.systemNamespace))
        if let token {
            _ = try await cluster.create(
                .secrets,
                KubernetesObject(
                    .secrets, name: Names.tokenSecret(foreignCluster: "cloud", .incoming),
                    namespace: Names.systemNamespace,
                    ["data": ["token": .string(Base64.encode(Array(token.utf8)))]]))
        }
        _ = try await cluster.create(
            .foreignClusters,
            ForeignCluster(
                name: "cloud", clusterID: Self.hubID, clusterName: "cloud",
                authURL: "", hubURL: "tls://127.0.0.1:\(port.withLock { $0 })", outgoing: .no,
                incoming: .yes
            ).object)
        return cluster
    }

    private func start(_ edge: Edge) throws {
        let agent = try Agent(
            configuration: AgentConfiguration(
                clusterID: edge.id, clusterName: edge.name, version: "1",
                listen: PeerAddress(host: "127.0.0.1", port: 0)),
            cluster: edge.cluster,
            authority: PeeringAuthority(authority: edge.authority, clusterID: edge.id, now: Self.now()),
            peerings: FilePeeringStore(stateFolder: edge.state),
            credentials: try FileCredentialStore(stateFolder: edge.state), logger: silent, now: Self.now)
        agents.withLock { $0.append(Task { try await agent.run() }) }
    }

    private func token() async throws -> PeerToken {
        let token = try PeerToken.make(
            randomBytes: RandomBytes.generate(count: PeerToken.randomByteCount),
            authorityPin: authority.certificate.subjectPublicKeyInfoSHA256)
        let record = try TokenRecord(token: token, secretHash: SHA256.hash(token.secret), now: Self.now())
        _ = try await origin.create(.secrets, record.secret)
        return token
    }

    /// How many edges' clusters the hub hears now.
    func connectedCount() async throws -> Int {
        try await origin.list(.foreignClusters).items.count { ForeignCluster($0).isEstablished(.apiServer) }
    }

    /// What the hub says of an edge.
    func peering(_ name: String) async throws -> ForeignCluster? {
        try await origin.find(.foreignClusters, name: name).map(ForeignCluster.init)
    }

    /// How many virtual nodes are Ready.
    func readyCount() async throws -> Int {
        try await origin.list(.nodes).items.count { Conditions.isTrue("Ready", in: $0.status["conditions"]) }
    }
}
