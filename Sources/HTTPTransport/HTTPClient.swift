public import NIOCore
import NIOHTTP1
public import TLSTransport

/// An HTTP/1.1 client of one endpoint, with a pool of connections for requests and a connection per stream.
///
/// Redirects are not followed, cookies are not kept, bodies are not decompressed: an API server needs none of it.
/// Connections are verified as the TLS context says. The event loops are the caller's.
public final class HTTPClient: Sendable {
    /// The server.
    public let endpoint: HTTPEndpoint

    let connector: HTTPConnector
    private let pool: HTTPConnectionPool

    /// Makes a client; nothing is connected yet.
    ///
    /// - Parameter tls: what each connection's handler is made from; required for https, and only for it.
    /// - Throws: ``HTTPTransportError``: `invalidConfiguration` if TLS and the endpoint's scheme disagree, and
    ///   `plaintextRefused` for http to an address that is not loopback.
    public init(
        endpoint: HTTPEndpoint,
        tls: TLSContextBox?,
        group: any EventLoopGroup,
        configuration: HTTPClientConfiguration = HTTPClientConfiguration()
    ) throws {
        guard endpoint.isSecure == (tls != nil) else {
            throw HTTPTransportError(
                .invalidConfiguration,
                "\(endpoint) needs \(endpoint.isSecure ? "a TLS context" : "no TLS context, or the scheme https").")
        }
        guard endpoint.isSecure || LoopbackAddress.isLoopback(endpoint.host) else {
            throw HTTPTransportError(
                .plaintextRefused, "\(endpoint) is refused: HTTP without TLS is possible only to loopback addresses.")
        }
        self.endpoint = endpoint
        connector = HTTPConnector(group: group, endpoint: endpoint, tls: tls, configuration: configuration)
        pool = HTTPConnectionPool(connector: connector)
    }

    /// Sends a request over a pooled connection and collects the response.
    ///
    /// A request whose reused connection turns out to have been closed by the server is sent once more on a new one, if
    /// it had not been sent at all or is idempotent.
    ///
    /// - Parameter limit: most bytes of body; nil takes the configuration's.
    /// - Throws: ``HTTPTransportError``, or `CancellationError` when the task is cancelled.
    public func execute(_ request: HTTPClientRequest, limit: Int? = nil) async throws -> HTTPClientResponse {
        let limit = limit ?? connector.configuration.maxBodyBytes
        let (connection, isReused) = try await pool.acquire()
        do {
            return try await execute(request, on: connection, limit: limit)
        } catch let failure as HTTPClientExchange.Failure {
            guard isReused, failure.fate == .notSent || (failure.fate == .unanswered && request.isIdempotent) else {
                throw failure.error
            }
        }
        pool.dropIdle()
        do {
            return try await execute(request, on: try await pool.acquire().connection, limit: limit)
        } catch let failure as HTTPClientExchange.Failure {
            throw failure.error
        }
    }

    /// Sends a request on a connection of its own and returns when the head of the response is there.
    ///
    /// - Parameter silenceLimit: how long the body may bring nothing before it ends with `responseTimeout`; nil waits for
    ///   ever (a link that is dead is still noticed, by TCP's keep-alive).
    /// - Throws: ``HTTPTransportError``, or `CancellationError` when the task is cancelled.
    public func stream(_ request: HTTPClientRequest, silenceLimit: Duration? = nil) async throws -> HTTPClientStream {
        let connection = try await connector.connect()
        do {
            return try await connection.stream(request, silenceLimit: silenceLimit)
        } catch let failure as HTTPClientExchange.Failure {
            throw failure.error
        }
    }

    /// Closes idle connections, so that later requests are sent on new ones: when what the client proves itself by has changed.
    public func dropIdleConnections() {
        pool.dropIdle()
    }

    /// Closes idle connections and refuses further requests; what is under way ends by itself. Idempotent.
    public func shutDown() {
        pool.shutDown()
    }

    private func execute(
        _ request: HTTPClientRequest, on connection: HTTPClientConnection, limit: Int
    ) async throws -> HTTPClientResponse {
        let outcome = try await connection.execute(request, limit: limit)
        if outcome.isReusable { pool.release(connection) }
        return outcome.response
    }
}
