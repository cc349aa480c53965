import HTTPTransport
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import TLSTransport

/// A responder made of closures.
struct TestResponder: HTTPResponder {
    var immediately: @Sendable (HTTPRequest) -> HTTPResponse? = { _ in nil }
    var respond: @Sendable (HTTPRequest) async -> HTTPResponse = { request in
        .text(.ok, "\(request.method) \(request.target) \(request.body.readableBytes)")
    }

    func respondImmediately(to request: HTTPRequest) -> HTTPResponse? {
        immediately(request)
    }

    func respond(to request: HTTPRequest) async -> HTTPResponse {
        await respond(request)
    }
}

/// Runs a server on a free loopback port for the length of the body.
func withServer<Value: Sendable>(
    _ responder: TestResponder = TestResponder(),
    tls: TLSContextBox? = nil,
    configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
    _ body: (HTTPServer) async throws -> Value
) async throws -> Value {
    let server = try await HTTPServer.start(
        group: MultiThreadedEventLoopGroup.singleton, host: "127.0.0.1", port: 0, tls: tls,
        configuration: configuration,
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, responder: responder)
    do {
        let value = try await body(server)
        await server.close(grace: .milliseconds(100))
        return value
    } catch {
        await server.close(grace: .zero)
        throw error
    }
}
