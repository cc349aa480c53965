import ClusterAPI
import Enrolment
import JSONTree
import KubernetesModel
import OffloadingModel
import PeerTransport
import TLSTransport
import TestKit
import Wire

@testable import Agent

/// One edge: its cluster, its machine and its disk, which last; and the agent, whose lives may be many.
final class EdgeSite {
    let name: String
    let clusterID: String
    let address: PeerAddress
    private(set) var cluster = FakeCluster()
    private(set) var peerings = PeeringDisk()
    private(set) var credentials = CredentialDisk()
    /// Whether the edge dials the hub.
    let joins: Bool
    let steps = PersistedSteps()
    let reach = Reach()
    /// Whether the agent has to wait for what it asks its cluster for.
    var isSlowToRead = false
    let authority: CertificateAuthority
    let machine: Machine
    private let complaints: Complaints
    var agent: AgentProcess?
    /// In which directions nothing passes between the hub and this edge.
    var blocked: Set<Connection.Direction> = []
    var line = Line()
    /// The most bytes that have waited for the line at either end of a connection, so far.
    var mostWaiting = 0

    init(_ name: String, number: Int, joins: Bool, ledger: Ledger) async throws {
        self.name = name
        self.joins = joins
        clusterID = "e\(number)e1e1e1-0000"
        address = PeerAddress(host: "198.51.100.\(number)", port: 6500)
        authority = try .create(commonName: name, now: Int64(SimulatedClock.start))
        machine = Machine(name, ledger: ledger)
        complaints = ledger.complaints
        let node: JSON = [
            "status": [
                "capacity": ["cpu": "64", "memory": "64Gi", "pods": "110"],
                "allocatable": ["cpu": "64", "memory": "64Gi", "pods": "110"],
                "conditions": [["type": "Ready", "status": "True"]],
                "nodeInfo": ["architecture": "amd64", "operatingSystem": "linux"],
            ]
        ]
        _ = try await cluster.create(.nodes, KubernetesObject(.nodes, name: "n1", node))
        _ = try await cluster.create(.namespaces, KubernetesObject(.namespaces, name: Names.systemNamespace))
    }

    /// - Parameter ask: carries the agent's enrolments.
    func start(
        _ clock: SimulatedClock,
        ask: @escaping @Sendable (PeerAddress, EnrollMessage) async throws -> EnrolledMessage
    ) async throws {
        var configuration = AgentConfiguration(clusterID: clusterID, clusterName: name, version: "1", listen: address)
        configuration.labels = ["topology.liqo.io/type": "destination"]
        configuration.refusalRetry = .seconds(5)
        configuration.revokedGracePeriod = .seconds(40)
        let new = try AgentProcess(
            configuration: configuration, cluster: cluster, peerings: peerings, credentials: credentials,
            authority: PeeringAuthority(authority: authority, clusterID: clusterID, now: SimulatedClock.start),
            steps: steps, clock: clock, reach: reach, complaints: complaints, ask: ask)
        agent = new
        try await new.start()
    }

    // MARK: - Backups

    struct Backup {
        fileprivate let cluster: FakeCluster
        fileprivate let peerings: [String: PeeringRecord]
        fileprivate let credentials: CredentialDisk.Content
    }

    func backUp() -> Backup { Backup(cluster: cluster.copy(), peerings: peerings.all, credentials: credentials.all) }

    /// What the agent and its cluster keep is as it was; to be called while the agent does not run.
    func restore(_ backup: Backup) {
        let version = cluster.version
        cluster = backup.cluster.copy()
        cluster.skip(to: version)
        peerings = PeeringDisk(backup.peerings)
        credentials = CredentialDisk(backup.credentials)
    }
}
