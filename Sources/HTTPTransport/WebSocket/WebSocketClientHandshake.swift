import Digests
import NIOHTTP1

/// The client's half of the handshake that begins a WebSocket (RFC 6455, section 4.1): what is asked, and whether the answer
/// keeps to it. A value; the server's half is ``WebSocketUpgrade``.
struct WebSocketClientHandshake: Sendable {
    private let key: String
    private let subprotocols: [String]

    /// - Parameter subprotocols: those that are spoken here, the best first; empty for none.
    /// - Throws: `RandomSourceError`.
    init(subprotocols: [String]) throws {
        key = Base64.encode(try RandomBytes.generate(count: 16))
        self.subprotocols = subprotocols
    }

    /// What the request says.
    var headers: HTTPHeaders {
        var headers: HTTPHeaders = [
            "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key,
        ]
        if !subprotocols.isEmpty {
            headers.add(name: "Sec-WebSocket-Protocol", value: subprotocols.joined(separator: ", "))
        }
        return headers
    }

    /// Judges the headers of a 101.
    ///
    /// - Returns: the subprotocol that was agreed; nil where none was offered.
    /// - Throws: ``HTTPTransportError`` with `protocolViolation`.
    func agreed(_ answer: HTTPHeaders) throws(HTTPTransportError) -> String? {
        guard answer[canonicalForm: "upgrade"].contains(where: { $0.lowercased() == "websocket" }),
            answer[canonicalForm: "connection"].contains(where: { $0.lowercased() == "upgrade" })
        else { throw Self.wrong("it switches to another protocol") }
        guard answer["sec-websocket-accept"] == [WebSocketUpgrade.accept(key)] else {
            throw Self.wrong("it does not prove that it has understood")
        }
        guard answer["sec-websocket-extensions"].isEmpty else { throw Self.wrong("it adds extensions unasked") }
        let chosen = answer[canonicalForm: "sec-websocket-protocol"].map { String($0) }
        guard let subprotocol = chosen.first else {
            guard subprotocols.isEmpty else {
                throw Self.wrong("it agrees to none of the subprotocols \(subprotocols.joined(separator: ", "))")
            }
            return nil
        }
        guard chosen.count == 1, subprotocols.contains(subprotocol) else {
            throw Self.wrong("it wants a subprotocol that was not offered")
        }
        return subprotocol
    }

    private static func wrong(_ what: String) -> HTTPTransportError {
        HTTPTransportError(.protocolViolation, "The server's answer to the WebSocket handshake is wrong: \(what).")
    }
}
