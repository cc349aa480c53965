import ClusterAPI
import KubernetesModel
import Synchronization

/// One connection to a port of a pod, for one proxied request: the request's bytes go in, the answer's come out.
///
/// The node is asked for it when this is made, and let go of when this goes. Nothing is read before somebody takes it.
final class ProxiedConnection: Sendable {
    private let chunks: AsyncThrowingStream<[UInt8], any Error>
    private let taken: AsyncStream<Void>.Continuation
    private let task: Task<Void, Never>

    /// Most bytes of the request that go to the node in one piece.
    private static let piece = 32 * 1024

    init(to pod: KubernetesObject, port: Int, endpoint: any NodeEndpoint, sending request: [UInt8]) {
        let (chunks, chunk) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
        let (room, taken) = AsyncStream<Void>.makeStream()
        self.chunks = chunks
        self.taken = taken
        let unsent = Mutex(request[...])
        let streams = ByteStreams(
            receive: {
                let next = unsent.withLock { rest in
                    let next = Array(rest.prefix(Self.piece))
                    rest = rest.dropFirst(next.count)
                    return next
                }
                if !next.isEmpty { return next }
                // A server may take the end of what it is sent for the client's having gone: there is none before the answer's.
                try await Task.sleep(for: .seconds(86_400))
                return nil
            },
            send: { bytes in
                guard !bytes.isEmpty else { return chunk.finish() }
                chunk.yield(bytes)
                var iterator = room.makeAsyncIterator()
                guard await iterator.next() != nil else { throw CancellationError() }
            })
        // Answers outlive the function that begins them, so no task group can hold this one; `deinit` ends it.
        task = Task {
            do {
                try await endpoint.forward(pod, port: port, streams)
                chunk.finish()
            } catch {
                chunk.finish(throwing: error)
            }
        }
    }

    deinit { task.cancel() }

    /// The answer's next bytes; `nil` at its end.
    func next() async throws -> [UInt8]? {
        var iterator = chunks.makeAsyncIterator()
        let chunk = try await iterator.next()
        taken.yield()
        return chunk
    }
}
