public import NIOCore
public import NIOHTTP1

/// What a responder answers.
///
/// The server writes the framing headers (`Content-Length`, `Transfer-Encoding`, `Connection`) itself and drops a
/// responder's own, except that after `Connection: close` it closes the connection. For a HEAD request it sends the headers of the same answer without the body; a streamed body's
/// closure is then not run.
public struct HTTPResponse: Sendable {
    /// The content of a response.
    public enum Body: Sendable {
        /// Nothing; `Content-Length: 0` where the status allows a body.
        case none
        /// All bytes, sent with their length.
        case bytes(ByteBuffer)
        /// Written piece by piece while the closure runs, chunked. Returning ends the body properly; throwing cuts the
        /// connection, so that the client knows that the body is incomplete. The closure's task is cancelled when the
        /// client goes away and when the server closes.
        case stream(@Sendable (HTTPBodyWriter) async throws -> Void)
        /// As `stream`, but of a length that is known beforehand and sent, so not chunked. A closure that writes less or
        /// more has the connection cut.
        case sized(Int, @Sendable (HTTPBodyWriter) async throws -> Void)
        /// The connection becomes a WebSocket; made by ``WebSocketUpgrade/response`` only.
        case webSocket(WebSocketUpgrade)
        /// The connection goes on in another protocol; made by ``HTTPUpgrade/response`` only.
        case upgraded(HTTPUpgrade)
    }

    /// The status.
    public var status: HTTPResponseStatus
    /// Headers, without framing.
    public var headers: HTTPHeaders
    /// The content.
    public var body: Body

    /// Makes a response.
    public init(status: HTTPResponseStatus, headers: HTTPHeaders = [:], body: Body = .none) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A response of plain text (`text/plain; charset=utf-8`).
    public static func text(_ status: HTTPResponseStatus, _ text: String) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headers: ["Content-Type": "text/plain; charset=utf-8"],
            body: .bytes(ByteBuffer(string: text))
        )
    }
}
