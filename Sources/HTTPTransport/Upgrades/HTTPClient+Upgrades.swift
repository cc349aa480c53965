import NIOCore
public import NIOHTTP1

/// What a server answers to a client that wants to leave HTTP.
public enum HTTPUpgradeAnswer<Connection: Sendable>: Sendable {
    /// The connection speaks the other protocol now. Whoever has it closes it.
    case switched(Connection, headers: HTTPHeaders)
    /// An ordinary answer, mostly one that says why not.
    case refused(HTTPClientStream)
}

extension HTTPClient {
    /// Asks for a WebSocket, on a connection of its own.
    ///
    /// - Parameters:
    ///   - request: a GET; the headers of the handshake are added to its own.
    ///   - subprotocols: those that are spoken here, the best first; where there are any, the server has to choose one.
    ///   - maxMessageBytes: largest message taken, all its fragments together; a larger one ends the connection (1009).
    /// - Throws: ``HTTPTransportError``, with `protocolViolation` where the server's handshake is wrong; `CancellationError`.
    public func webSocket(
        _ request: HTTPClientRequest, subprotocols: [String], maxMessageBytes: Int = 1 << 20
    ) async throws -> HTTPUpgradeAnswer<WebSocketConnection> {
        let handshake = try WebSocketClientHandshake(subprotocols: subprotocols)
        var request = request
        request.headers.add(contentsOf: handshake.headers)
        return try await upgraded(request) { answer, eventLoop throws(HTTPTransportError) in
            let subprotocol = try handshake.agreed(answer)
            let handler = WebSocketHandler(isClient: true)
            return (
                handler.pipeline(limit: maxMessageBytes),
                WebSocketConnection(handler, subprotocol: subprotocol, eventLoop: eventLoop)
            )
        }
    }

    /// Asks for another protocol than HTTP, on a connection of its own.
    ///
    /// - Parameter name: such as `SPDY/3.1`.
    /// - Throws: ``HTTPTransportError``, with `protocolViolation` where the server switches to another one;
    ///   `CancellationError`.
    public func upgrade(
        _ request: HTTPClientRequest, to name: String
    ) async throws -> HTTPUpgradeAnswer<ByteConnection> {
        var request = request
        request.headers.add(name: "Connection", value: "Upgrade")
        request.headers.add(name: "Upgrade", value: name)
        return try await upgraded(request) { answer, eventLoop throws(HTTPTransportError) in
            guard answer[canonicalForm: "upgrade"].contains(where: { $0.lowercased() == name.lowercased() }) else {
                throw HTTPTransportError(
                    .protocolViolation, "The server was asked for \(name) and switches to another protocol.")
            }
            let handler = ByteConnectionHandler(isClient: true)
            return ([handler], ByteConnection(handler, eventLoop: eventLoop))
        }
    }

    private func upgraded<Connection: Sendable>(
        _ request: HTTPClientRequest,
        _ accept:
            @escaping @Sendable (HTTPHeaders, any EventLoop) throws(HTTPTransportError) -> (
                [any ChannelHandler], Connection
            )
    ) async throws -> HTTPUpgradeAnswer<Connection> {
        let connection = try await connector.connect(leavingHTTP: true)
        let promise = connection.channel.eventLoop.makePromise(of: HTTPUpgradeAnswer<Connection>.self)
        let upgrade = HTTPClientUpgrade(
            accept: { answer, eventLoop throws(HTTPTransportError) in
                let (handlers, connection) = try accept(answer, eventLoop)
                return HTTPClientUpgrade.Successor(handlers: handlers) {
                    promise.succeed(.switched(connection, headers: answer))
                }
            },
            refuse: { promise.succeed(.refused($0)) }, fail: { promise.fail($0) })
        do {
            return try await connection.upgrade(request, upgrade, promise)
        } catch let failure as HTTPClientExchange.Failure {
            throw failure.error
        }
    }
}
