import Digests
import NIOHTTP1

/// The answer to a request that asks for a WebSocket (RFC 6455).
public struct WebSocketUpgrade: Sendable {
    /// Largest message taken, in bytes, all its fragments together; a larger one ends the connection with status 1009.
    public var maxMessageBytes = 1 << 20

    let key: String
    let subprotocol: String?
    let run: @Sendable (WebSocketConnection) async throws -> Void

    /// Whether a request asks for a WebSocket at all.
    public static func isAsked(by request: HTTPRequest) -> Bool {
        request.headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
            && request.headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
    }

    /// Accepts the request.
    ///
    /// - Parameters:
    ///   - subprotocols: those that are spoken here, the best first; where there are any, the client has to offer one.
    ///   - run: talks to the client; the connection closes when it returns (1000) or throws (1011). Its task is cancelled
    ///     when the connection closes.
    /// - Returns: `nil` where the request is no proper WebSocket handshake, or offers none of the subprotocols.
    public init?(
        _ request: HTTPRequest, subprotocols: [String],
        _ run: @escaping @Sendable (WebSocketConnection) async throws -> Void
    ) {
        guard request.method == .GET, Self.isAsked(by: request),
            request.headers[canonicalForm: "sec-websocket-version"] == ["13"],
            let key = request.headers.first(name: "sec-websocket-key"), key.utf8.count == 24
        else { return nil }
        let offered = request.headers[canonicalForm: "sec-websocket-protocol"].map { String($0) }
        subprotocol = subprotocols.first { offered.contains($0) }
        guard subprotocol != nil || subprotocols.isEmpty else { return nil }
        self.key = key
        self.run = run
    }

    /// As a response, status 101.
    public var response: HTTPResponse {
        var headers: HTTPHeaders = ["Upgrade": "websocket", "Sec-WebSocket-Accept": Self.accept(key)]
        if let subprotocol { headers.add(name: "Sec-WebSocket-Protocol", value: subprotocol) }
        return HTTPResponse(status: .switchingProtocols, headers: headers, body: .webSocket(self))
    }

    /// What proves that the server has understood the key; the text is the RFC's own.
    static func accept(_ key: String) -> String {
        Base64.encode(SHA1.hash((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8))
    }
}
