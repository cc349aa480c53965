public import NIOCore

/// Writes the body of one streamed response.
///
/// Valid while the response's closure runs; afterwards every write throws.
public struct HTTPBodyWriter: Sendable {
    private let connection: HTTPServerConnectionReference

    init(_ connection: HTTPServerConnectionReference) {
        self.connection = connection
    }

    /// Sends bytes at once, and returns when the client has room for more.
    ///
    /// Suspends while more than the configured number of bytes is queued for the client. Writes of several tasks are
    /// sent in the order of their calls. An empty buffer sends nothing.
    ///
    /// - Throws: ``HTTPTransportError`` with `connectionClosed` when the client has gone and `writeTimeout` when it has
    ///   been cut off because it did not read; `CancellationError` when the task is cancelled while it waits.
    public func write(_ bytes: ByteBuffer) async throws {
        switch await connection.write(bytes) {
        case .written: return
        case .full: try await connection.room()
        case .failed(let error): throw error
        }
    }
}
