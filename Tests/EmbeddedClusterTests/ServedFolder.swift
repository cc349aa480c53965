import HTTPTransport
import NIOPosix
import TLSTransport

@testable import EmbeddedCluster

/// The state folder of a cluster that is served over HTTPS: what clients need to know of it.
extension TemporaryFolder {
    private func text(_ name: String) throws -> String {
        String(decoding: try TestFile.read("\(path)/\(name)"), as: UTF8.self)
    }

    /// The cluster's authority, from its files.
    func authority() throws -> CertificateAuthority {
        try CertificateAuthority(
            certificate: try Certificate(pem: try text("ca.crt")), key: try PrivateKey(pem: try text("ca.key")))
    }

    /// The port that the cluster has been given.
    ///
    /// - Throws: `StoreError` where it has none yet.
    func servedPort() throws -> Int {
        guard let port = try StatePort.load(folder: path) else { throw StoreError(.inputOutput, "no port yet") }
        return port
    }

    /// A plain HTTP client with this certificate, or with none.
    func http(
        port: Int, _ identity: Identity? = nil, _ configuration: HTTPClientConfiguration = HTTPClientConfiguration()
    ) throws -> HTTPClient {
        let tls = TLSConfiguration.client(
            trust: .certificates([try authority().certificate]), serverName: "127.0.0.1", identity: identity)
        return try HTTPClient(
            endpoint: HTTPEndpoint(isSecure: true, host: "127.0.0.1", port: port),
            tls: TLSContextBox(try TLSContext(tls)), group: MultiThreadedEventLoopGroup.singleton,
            configuration: configuration)
    }
}
