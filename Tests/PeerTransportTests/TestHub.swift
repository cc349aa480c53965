import NIOPosix
import PeerTransport
import Sessions
import TLSTransport
import Wire

/// A dialling cluster for tests.
struct TestHub: Sendable {
    var clusterName = "cloud"
    var role = PeerRole.hub
    var epoch = 1
    var versions = 1...1
    var clusterID: String { "id-of-\(clusterName)" }

    func hello() -> HelloMessage {
        HelloMessage(
            versions: versions, softwareVersion: "test", clusterID: clusterID, clusterName: clusterName, role: role,
            epoch: epoch)
    }

    func dialler(
        _ port: Int, _ configuration: PeerTransportConfiguration = PeerTransportConfiguration()
    ) -> PeerDialler {
        PeerDialler(
            PeerAddress(host: "127.0.0.1", port: port), configuration: configuration,
            group: .singletonMultiThreadedEventLoopGroup)
    }

    /// Mutual TLS with a certificate that the edge's authority has made.
    func context(for edge: TestEdge) throws -> TLSContext {
        try PeerTLS.dialler(
            identity: try edge.authority.makeIdentity(.peerClient(clusterID: clusterID), now: wallClock()),
            authorities: [edge.authority.certificate], peerClusterID: edge.clusterID)
    }

    func connect(
        _ edge: TestEdge, _ port: Int, _ configuration: PeerTransportConfiguration = PeerTransportConfiguration()
    ) async throws -> PeerConnection {
        try await dialler(port, configuration).connect(tls: try context(for: edge), hello: hello())
    }
}
