import HTTPTransport
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

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
    configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
    _ body: (HTTPServer) async throws -> Value
) async throws -> Value {
    let server = try await HTTPServer.start(
        group: MultiThreadedEventLoopGroup.singleton, host: "127.0.0.1", port: 0, configuration: configuration,
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

/// Waits for a condition with a deadline.
func eventually(
    within limit: Duration = .seconds(10), _ condition: @Sendable () async throws -> Bool
) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(2))
    }
    return try await condition()
}
