public import NIOCore
public import NIOHTTP1

/// A response whose body is read as it comes, on a connection of its own.
///
/// The connection closes when the body ends, when ``cancel()`` is called, when the task that iterates is cancelled, and
/// when the stream is dropped. What is not read stays with the server: nothing is buffered beyond a few reads.
public struct HTTPClientStream: Sendable {
    /// The status, whatever it is.
    public let status: HTTPResponseStatus
    /// The headers as received.
    public let headers: HTTPHeaders
    /// The body.
    public let body: Body

    /// The pieces of a body, as the network delivered them. May be iterated once; a second iterator is a programming error.
    ///
    /// Ends with ``HTTPTransportError`` when the connection breaks before the body's end, or is silent for too long.
    public struct Body: AsyncSequence, Sendable {
        public typealias Element = ByteBuffer

        let sequence: HTTPClientStreamSource.Producer

        /// Iterates the pieces. Holds no state of its own, so a decoder may keep it and ask piece by piece.
        public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
            // NIO's iterator only refers to locked storage; it is not marked Sendable to keep consumers single, and the
            // decoders that hold this one are actors, which are.
            nonisolated(unsafe) let iterator: HTTPClientStreamSource.Producer.AsyncIterator

            /// The next piece, or nil at the body's end.
            public func next() async throws -> ByteBuffer? {
                let piece = try await iterator.next()
                // The producer ends quietly when its consumer is cancelled, which would look like the body's end.
                if piece == nil { try Task.checkCancellation() }
                return piece
            }
        }

        public func makeAsyncIterator() -> AsyncIterator {
            AsyncIterator(iterator: sequence.makeAsyncIterator())
        }
    }

    private let channel: any Channel

    init(status: HTTPResponseStatus, headers: HTTPHeaders, body: Body, channel: any Channel) {
        self.status = status
        self.headers = headers
        self.body = body
        self.channel = channel
    }

    /// Closes the connection; the body ends with an error. Idempotent.
    public func cancel() {
        channel.close(promise: nil)
    }

    /// Reads the whole body, for responses that turn out to be short, such as refusals.
    ///
    /// - Throws: ``HTTPTransportError`` with `bodyTooLarge` beyond `limit` bytes.
    public func collect(upTo limit: Int) async throws -> ByteBuffer {
        var collected = ByteBuffer()
        for try await var piece in body {
            guard collected.readableBytes + piece.readableBytes <= limit else {
                cancel()
                throw HTTPTransportError(.bodyTooLarge, "The response is larger than \(limit) bytes.")
            }
            collected.writeBuffer(&piece)
        }
        return collected
    }
}
