import EmbeddedCluster
import HTTPTransport
import NIOHTTP1

/// A served cluster and its administrator, for tests that look at what goes over the wire.
final class HTTPRequests: Sendable {
    private let served: ServedCluster
    private let http: HTTPClient

    init() async throws {
        served = try await ServedCluster()
        http = try served.administrator()
    }

    var cluster: EmbeddedCluster { served.cluster }

    func get(_ target: String, accept: String = "application/json") async throws -> (Int, String) {
        try await http.get(target, accept: accept)
    }

    func send(
        _ method: HTTPMethod, _ target: String, _ body: String, type: String = "application/json"
    ) async throws -> (Int, String) {
        try await http.send(method, target, headers: ["Content-Type": type, "Accept": "application/json"], body)
    }

    func stop() async {
        http.shutDown()
        await served.stop()
    }
}
