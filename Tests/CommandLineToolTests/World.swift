import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import Sessions
import Synchronization
import TestKit

@testable import CommandLineTool

/// Text that was written, to be looked at.
final class CapturedText: TextSink {
    private let text = Mutex("")
    let isTerminal: Bool

    init(isTerminal: Bool = false) { self.isTerminal = isTerminal }

    func write(_ text: String) { self.text.withLock { $0 += text } }
    var written: String { text.withLock { $0 } }
}

/// A cluster in memory and a command line that talks to it.
struct World: Sendable {
    static let originID = "11111111-1111-4111-8111-111111111111"
    static let edgeID = "22222222-2222-4222-8222-222222222222"
    static let now = 1_800_000_000
    static let pin = [UInt8](repeating: 0xab, count: 32)

    let cluster = FakeCluster()
    let output: CapturedText
    let errors = CapturedText()
    var environment: [String: String] = [:]
    var input: [UInt8]?
    /// What is typed at prompts; `nil` where there is no terminal.
    var answer: String?
    var pace = ToolHost.Pace(
        interval: .milliseconds(5), unreachablePatience: .milliseconds(200), settling: .milliseconds(100),
        rollback: .milliseconds(500))

    init(isTerminal: Bool = false) {
        output = CapturedText(isTerminal: isTerminal)
        cluster.now = Self.now
    }

    /// Everything that was printed.
    var all: String { output.written + errors.written }

    /// Runs a command line and returns its exit status.
    func run(_ arguments: String...) async -> Int32 { await run(arguments) }

    func run(_ arguments: [String]) async -> Int32 {
        let (cluster, input, answer) = (cluster, input, answer)
        let host = ToolHost(
            environment: environment, output: output, errors: errors, isInteractive: answer != nil,
            readLine: { answer }, readInput: { limit in input.flatMap { $0.count > limit ? nil : $0 } },
            open: { choice, _ in
                OpenCluster(
                    cluster,
                    ClusterTarget(
                        context: choice.context ?? "test", server: "https://127.0.0.1:6443",
                        kubeconfigs: [choice.kubeconfig ?? "config"]))
            },
            now: { World.now }, pace: pace)
        return await CommandLineProgram.run(arguments, host: host)
    }

    /// Waits until a command that runs has asked the cluster again and again, from now on.
    func isAsked() async throws {
        let before = cluster.asked
        try await eventually("the cluster is asked again") { cluster.asked >= before + 10 }
    }

    // MARK: - What there is

    func info(_ role: ClusterInfo.Role) -> ClusterInfo {
        ClusterInfo(
            clusterID: role == .hub ? Self.originID : Self.edgeID,
            clusterName: role == .hub ? "europe-cloud" : "europe-rome-edge",
            labels: ["topology.liqo.io/type": role == .hub ? "origin" : "destination"], role: role,
            peerAddress: role == .hub ? "127.0.0.1:7444" : "127.0.0.1:7443",
            authorityPin: String(repeating: "ab", count: 32), version: "0.1.0",
            podCIDR: "10.200.0.0/16", apiServer: "https://127.0.0.1:6443", mode: "embedded")
    }

    /// Makes it a cluster with a running daemon.
    func install(_ role: ClusterInfo.Role) async throws {
        try await create(.namespaces, KubernetesObject(.namespaces, name: Names.systemNamespace))
        try await create(.configMaps, info(role).object)
        try await node(role == .hub ? "europe-cloud" : "europe-rome-edge", isReady: true)
    }

    func create(_ type: ResourceType, _ object: KubernetesObject) async throws {
        _ = try await cluster.create(type, object)
    }

    func node(_ name: String, isReady: Bool, isVirtual: Bool = false) async throws {
        var node = KubernetesObject(.nodes, name: name)
        if isVirtual { node.labels = [Names.typeLabel: Names.virtualNodeType] }
        node.status = [
            "conditions": [
                [
                    "type": "Ready", "status": .string(isReady ? "True" : "Unknown"), "reason": "EdgeUnreachable",
                    "message": "the edge's agent does not answer",
                ]
            ],
            "allocatable": ["cpu": "2", "memory": "4Gi", "pods": "110"],
        ]
        try await create(.nodes, node)
    }

    /// A ForeignCluster at the origin, as an established peering has it.
    @discardableResult
    func peer(
        _ name: String, id: String = World.edgeID,
        _ conditions: [PeeringConditionType: PeeringStatus] = World.established,
        outgoing: PeeringEnabled = .yes
    ) async throws -> ForeignCluster {
        let new = ForeignCluster(
            name: name, clusterID: id, clusterName: name, authURL: "tls://127.0.0.1:7443", outgoing: outgoing,
            incoming: .auto)
        try await create(.foreignClusters, new.object)
        for (type, status) in conditions { try await set(type, PeeringCondition(status, "Test"), of: name) }
        return ForeignCluster(try await cluster.get(.foreignClusters, namespace: nil, name: name))
    }

    static let established: [PeeringConditionType: PeeringStatus] = [
        .authentication: .established, .outgoing: .established, .network: .established, .apiServer: .established,
        .incoming: .none,
    ]

    func set(_ type: PeeringConditionType, _ condition: PeeringCondition, of name: String) async throws {
        var cluster = ForeignCluster(try await self.cluster.get(.foreignClusters, namespace: nil, name: name))
        cluster.set(type, condition, now: World.now)
        _ = try await self.cluster.updateStatus(.foreignClusters, cluster.object)
    }

    func foreignCluster(_ name: String) async throws -> ForeignCluster? {
        try await cluster.find(.foreignClusters, name: name).map(ForeignCluster.init)
    }

    var secrets: [KubernetesObject] {
        get async throws { try await cluster.list(.secrets).items }
    }

    /// A token that is well-formed.
    static let token = {
        let bytes = (0..<PeerToken.randomByteCount).map { UInt8($0) }
        return (try? PeerToken.make(randomBytes: bytes, authorityPin: pin))?.text ?? ""
    }()
}
