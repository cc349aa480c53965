import HTTPTransport
import JSONTree
import KubernetesClient
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TLSTransport

/// An API server that answers what a test says, over TLS, and remembers what it was asked.
final class CannedServer: HTTPResponder {
    typealias Answer = @Sendable (HTTPRequest) async -> HTTPResponse

    private let answer: Answer
    private let seen = Mutex<[HTTPRequest]>([])

    private init(_ answer: @escaping Answer) {
        self.answer = answer
    }

    /// The requests so far.
    var requests: [HTTPRequest] { seen.withLock { $0 } }

    /// The requests so far, as `METHOD TARGET`.
    var lines: [String] { requests.map { "\($0.method) \($0.target)" } }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        seen.withLock { $0.append(request) }
        return await answer(request)
    }

    @discardableResult
    static func run<Value: Sendable>(
        _ answer: @escaping Answer,
        configure change: (inout KubernetesClientConfiguration, inout ClusterConnection) -> Void = { _, _ in },
        test body: (CannedServer, KubernetesClient) async throws -> Value
    ) async throws -> Value {
        let certificates = try TestCertificates.shared.get()
        let canned = CannedServer(answer)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let server = try await HTTPServer.start(
            group: MultiThreadedEventLoopGroup.singleton, host: "127.0.0.1", port: 0, tls: certificates.server,
            logger: logger, responder: canned)
        var configuration = KubernetesClientConfiguration()
        var connection = ClusterConnection(
            name: "test", endpoint: HTTPEndpoint(isSecure: true, host: "127.0.0.1", port: server.port),
            tls: .client(
                trust: .certificates([certificates.authority.certificate]), serverName: "127.0.0.1",
                identity: certificates.clientIdentity, alpn: ["http/1.1"]))
        change(&configuration, &connection)
        let client = try KubernetesClient(connection, configuration: configuration, logger: logger)
        do {
            let value = try await body(canned, client)
            client.shutDown()
            await server.close(grace: .milliseconds(100))
            return value
        } catch {
            client.shutDown()
            await server.close(grace: .zero)
            throw error
        }
    }

    static func json(_ status: HTTPResponseStatus, _ json: JSON, _ headers: HTTPHeaders = [:]) -> HTTPResponse {
        var headers = headers
        headers.add(name: "Content-Type", value: "application/json")
        return HTTPResponse(status: status, headers: headers, body: .bytes(ByteBuffer(bytes: json.encoded())))
    }
}
