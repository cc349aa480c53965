public import NIOCore
public import NIOHTTP1

/// A complete response.
public struct HTTPClientResponse: Sendable {
    /// The status, whatever it is.
    public let status: HTTPResponseStatus
    /// The headers as received.
    public let headers: HTTPHeaders
    /// The whole body.
    public let body: ByteBuffer

    /// Makes a response, also for tests.
    public init(status: HTTPResponseStatus, headers: HTTPHeaders, body: ByteBuffer) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
