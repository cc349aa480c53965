import Agent
import ClusterAPI
import Enrolment
import Glibc
import JSONTree
import KubernetesModel
import OffloadingModel
import PeerTransport
import Sessions
import TLSTransport
import TestKit

/// One edge whose cluster is a `FakeCluster`: one node that is Ready, and no pod ever runs.
struct SimulatedEdge {
    let agent: Agent
    private let name: String
    private let clusterID: String
    private let cluster = FakeCluster()
    private let authority: CertificateAuthority
    private let port: Int

    init(_ number: Int, in folder: String) async throws {
        name = "edge-\(number)"
        let digits = String(number)
        clusterID = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
        let state = "\(folder)/\(name)"
        guard mkdir(state, 0o700) == 0 || errno == EEXIST else { throw BenchmarkFailure("\(state) cannot be made") }
        let node: JSON = [
            "status": [
                "capacity": ["cpu": "4", "memory": "8Gi", "pods": "110"],
                "allocatable": ["cpu": "4", "memory": "8Gi", "pods": "110"],
                "conditions": [["type": "Ready", "status": "True"]],
                "nodeInfo": ["architecture": "amd64", "operatingSystem": "linux", "kubeletVersion": "v1.36.0"],
            ]
        ]
        _ = try await cluster.create(.nodes, KubernetesObject(.nodes, name: "node", node))
        _ = try await cluster.create(.namespaces, KubernetesObject(.namespaces, name: Names.systemNamespace))
        authority = try CertificateAuthority.create(commonName: name, now: Int64(time(nil)))
        var configuration = AgentConfiguration(
            clusterID: clusterID, clusterName: name, version: "bench", listen: PeerAddress(host: "127.0.0.1", port: 0))
        configuration.labels = ["topology.liqo.io/type": "destination"]
        agent = try Agent(
            configuration: configuration, cluster: cluster,
            authority: PeeringAuthority(authority: authority, clusterID: clusterID, now: time(nil)),
            peerings: FilePeeringStore(stateFolder: state), credentials: try FileCredentialStore(stateFolder: state),
            logger: .silent, now: { time(nil) })
        port = try await agent.bind()
    }

    static func listPath(_ folder: String) -> String { "\(folder)/edges" }

    /// A line with what a hub needs to peer with this edge: name, id, port, token.
    func invitation() async throws -> String {
        let token = try await cluster.issueToken(pin: authority.certificate.subjectPublicKeyInfoSHA256)
        return "\(name) \(clusterID) \(port) \(token.text)"
    }

    /// Has the edge dial a hub.
    func join(_ hub: HubInvitation, token: String) async throws {
        try await cluster.ask(
            for: ForeignCluster(
                name: hub.clusterName, clusterID: hub.clusterID, clusterName: hub.clusterName,
                authURL: "", hubURL: "tls://\(hub.address)", outgoing: .no, incoming: .yes), token: token)
    }
}
