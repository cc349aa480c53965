public import ClusterAPI
public import Synchronization

/// A client of exec or attach that sends what it is given and keeps what it gets.
public final class RecordingClient: Sendable {
    /// What came on standard output so far.
    public let output = Mutex("")
    /// What came on standard error so far.
    public let error = Mutex("")
    private let inputs: AsyncStream<ContainerStreams.Input>
    /// What the client does next; it is gone when this is finished.
    public let input: AsyncStream<ContainerStreams.Input>.Continuation

    /// - Parameter first: what it does at once.
    public init(_ first: [ContainerStreams.Input] = []) {
        (inputs, input) = AsyncStream.makeStream()
        for one in first { input.yield(one) }
    }

    /// As the node sees it.
    public var streams: ContainerStreams {
        ContainerStreams(
            receive: { [inputs] in
                var iterator = inputs.makeAsyncIterator()
                return await iterator.next()
            },
            send: { output in
                switch output {
                case .standardOutput(let bytes): self.output.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
                case .standardError(let bytes): self.error.withLock { $0 += String(decoding: bytes, as: UTF8.self) }
                }
            })
    }
}
