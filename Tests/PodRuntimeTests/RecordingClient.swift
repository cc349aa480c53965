import ClusterAPI
import Synchronization

/// A client of exec that sends what it is given and keeps what it gets.
final class RecordingClient: Sendable {
    let output = Mutex("")
    let error = Mutex("")
    private let inputs: AsyncStream<ContainerStreams.Input>
    let input: AsyncStream<ContainerStreams.Input>.Continuation

    init(_ first: [ContainerStreams.Input] = []) {
        (inputs, input) = AsyncStream.makeStream()
        for one in first { input.yield(one) }
    }

    var streams: ContainerStreams {
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
