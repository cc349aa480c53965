import ClusterAPI
import Digests
import Enrolment
import FoundationEssentials
import Glibc
import JSONTree
import KubernetesModel
import Logging
import NIOPosix
import OffloadingModel
import PeerTransport
import Sessions
import TLSTransport
import TestKit
import Wire

@testable import Agent

/// An agent behind a real port, over a fake cluster.
struct TestEdge: Sendable {
    let cluster = ScriptedCluster()
    let store = MemoryStore()
    let authority: CertificateAuthority
    static let clusterID = "edge-1"

    init() async throws {
        authority = try .create(commonName: "edge", now: Int64(Self.now()))
        let node: JSON = [
            "status": [
                "capacity": ["cpu": "4", "memory": "8Gi"], "allocatable": ["cpu": "4", "memory": "8Gi"],
                "conditions": [["type": "Ready", "status": "True"]],
                "nodeInfo": ["architecture": "amd64", "operatingSystem": "linux"],
            ]
        ]
        _ = try await cluster.base.create(.nodes, KubernetesObject(.nodes, name: "n1", node))
    }

    static func now() -> Int { time(nil) }

    /// Runs an agent while `body` does; each call is as after a restart.
    ///
    /// - Parameter logger: where the agent's log goes; nowhere unless told.
    func run(logger given: Logger? = nil, _ body: (_ port: Int) async throws -> Void) async throws {
        var configuration = AgentConfiguration(
            clusterID: Self.clusterID, clusterName: "rome", version: "1",
            listen: PeerAddress(host: "127.0.0.1", port: 0))
        configuration.labels = ["topology.liqo.io/type": "destination"]
        configuration.advertiseDelay = .milliseconds(10)
        configuration.healthInterval = .milliseconds(20)
        var silent = Logger(label: "test")
        silent.logLevel = .critical
        let logger = given ?? silent
        let agent = try Agent(
            configuration: configuration, cluster: cluster,
            authority: PeeringAuthority(authority: authority, clusterID: Self.clusterID, now: Self.now()),
            peerings: store, credentials: NoCredentials(), logger: logger, now: Self.now)
        let port = try await agent.bind()
        let task = Task { try await agent.run() }
        do {
            try await body(port)
        } catch {
            task.cancel()
            try? await task.value
            throw error
        }
        task.cancel()
        try await task.value
    }

    func token() async throws -> PeerToken {
        let token = try PeerToken.make(
            randomBytes: RandomBytes.generate(count: PeerToken.randomByteCount),
            authorityPin: authority.certificate.subjectPublicKeyInfoSHA256)
        let record = try TokenRecord(token: token, secretHash: SHA256.hash(token.secret), now: Self.now())
        _ = try await cluster.create(.secrets, record.secret)
        return token
    }
}

/// A hub of the test's own hand.
struct TestHub: Sendable {
    var id = "hub-1"
    var name = "cloud"

    private func dialler(_ port: Int) -> PeerDialler {
        PeerDialler(
            PeerAddress(host: "127.0.0.1", port: port), group: .singletonMultiThreadedEventLoopGroup)
    }

    func enrol(_ port: Int, _ token: PeerToken) async throws -> PeerEnrolment {
        try await dialler(port).enrol(
            token, clusterID: id, clusterName: name, role: .hub, peerClusterID: TestEdge.clusterID)
    }

    func connect(_ port: Int, _ enrolment: PeerEnrolment, epoch: Int = 1) async throws -> PeerConnection {
        let tls = try PeerTLS.dialler(
            identity: enrolment.identity, authorities: enrolment.authorities, peerClusterID: TestEdge.clusterID)
        return try await dialler(port).connect(
            tls: tls,
            hello: HelloMessage(
                softwareVersion: "1", clusterID: id, clusterName: name, role: .hub, epoch: epoch))
    }
}
