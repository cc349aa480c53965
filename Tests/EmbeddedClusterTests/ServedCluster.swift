import ClusterAPI
import HTTPTransport
import KubernetesClient
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import TLSTransport

@testable import EmbeddedCluster

/// A cluster that is served over HTTPS, with clients of its own and of strangers.
final class ServedCluster: Sendable {
    let folder: TemporaryFolder
    let cluster: EmbeddedCluster
    private let house: Task<Void, any Error>

    init(folder: TemporaryFolder? = nil, port: Int = 0) async throws {
        let folder = try folder ?? TemporaryFolder()
        let cluster = try await EmbeddedCluster.open(
            ClusterConfiguration(name: "served", stateFolder: folder.path, port: port, controllers: nil))
        self.folder = folder
        self.cluster = cluster
        house = Task { try await cluster.run() }
    }

    deinit { house.cancel() }

    func stop() async {
        house.cancel()
        _ = await house.result
    }

    /// A client by the administrator's kubeconfig.
    func client() throws -> KubernetesClient {
        let kubeconfig = try Kubeconfig.load(path: cluster.kubeconfigPath, environment: [:])
        return try KubernetesClient(try kubeconfig.connection(), logger: .silent)
    }

    /// The cluster's authority, from its files.
    func authority() throws -> CertificateAuthority { try folder.authority() }

    /// A plain HTTP client with this certificate, or with none.
    func http(_ identity: Identity? = nil) throws -> HTTPClient { try folder.http(port: cluster.port, identity) }

    func administrator() throws -> HTTPClient {
        try http(try authority().makeIdentity(.administrator(), now: Int64(WallClock.seconds())))
    }
}

extension Logger {
    static var silent: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }
}

extension HTTPClient {
    func get(_ target: String, accept: String = "application/json") async throws -> (Int, String) {
        try await send(.GET, target, headers: ["Accept": accept])
    }

    func send(
        _ method: HTTPMethod, _ target: String, headers: HTTPHeaders = [:], _ body: String? = nil
    ) async throws -> (Int, String) {
        let request = HTTPClientRequest(
            method, target, headers: headers, body: body.map { ByteBuffer(string: $0) })
        let response = try await execute(request)
        return (Int(response.status.code), String(buffer: response.body))
    }
}
