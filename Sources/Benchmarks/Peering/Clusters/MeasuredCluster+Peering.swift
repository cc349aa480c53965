import ClusterAPI
import Digests
import OffloadingModel
import Sessions

extension MeasuredCluster {
    /// An agent with the hollow runtime and nodes for so many pods.
    static func hollowAgent(_ number: Int, pods: Int, in folder: String) async throws -> MeasuredCluster {
        // 110 pods a node, as everywhere.
        try await MeasuredCluster(
            "causeway-agent", named: "edge-\(number)", in: folder,
            ["--local-nodes", String(pods / 110 + 2), "--pod-cidr", "10.\(100 + number).0.0/16"])
    }

    /// Asks for a peering with an edge, with a token of it.
    ///
    /// - Parameter port: where it is dialled on loopback.
    func peer(with edge: MeasuredCluster, port: Int) async throws { try await api.peer(with: edge, port: port) }
}

extension ClusterAPI {
    /// As ``MeasuredCluster/peer(with:port:)``, with the rights of whoever this is.
    func peer(with edge: MeasuredCluster, port: Int) async throws {
        guard let pin = Hex.decode(edge.info.authorityPin) else { throw BenchmarkFailure("the edge has no authority") }
        let token = try await edge.api.issueToken(pin: pin)
        try await ask(
            for: ForeignCluster(
                name: edge.info.clusterName, clusterID: edge.info.clusterID, clusterName: edge.info.clusterName,
                authURL: "tls://127.0.0.1:\(port)", outgoing: .yes, incoming: .auto), token: token.text)
    }
}
