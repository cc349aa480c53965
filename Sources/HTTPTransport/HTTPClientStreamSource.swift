import NIOCore

/// The connection's end of a streamed body: bytes go in, and reading pauses while nobody takes them.
struct HTTPClientStreamSource {
    typealias Strategy = NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark
    typealias Producer = NIOThrowingAsyncSequenceProducer<ByteBuffer, any Error, Strategy, Delegate>

    /// Tells the connection what the consumer does.
    struct Delegate: NIOAsyncSequenceProducerDelegate {
        let connection: NIOLoopBound<HTTPClientConnectionHandler>
        let eventLoop: any EventLoop
        let channel: any Channel

        func produceMore() {
            eventLoop.execute { connection.value.resumeReading() }
        }

        func didTerminate() {
            channel.close(promise: nil)
        }
    }

    private let source: Producer.Source

    /// - Returns: the source and the body that it feeds.
    static func make(
        connection: HTTPClientConnectionHandler, channel: any Channel
    ) -> (HTTPClientStreamSource, HTTPClientStream.Body) {
        let delegate = Delegate(
            connection: NIOLoopBound(connection, eventLoop: channel.eventLoop), eventLoop: channel.eventLoop,
            channel: channel)
        // Each piece is at most one read of the socket, so at most 1 MiB waits here.
        let new = Producer.makeSequence(
            backPressureStrategy: Strategy(lowWatermark: 4, highWatermark: 16), finishOnDeinit: false,
            delegate: delegate)
        return (HTTPClientStreamSource(source: new.source), HTTPClientStream.Body(sequence: new.sequence))
    }

    private init(source: Producer.Source) {
        self.source = source
    }

    /// - Returns: whether more may be read now.
    func yield(_ bytes: ByteBuffer) -> Bool {
        switch source.yield(bytes) {
        case .produceMore: true
        case .stopProducing, .dropped: false
        }
    }

    func finish(throwing error: (any Error)?) {
        if let error { source.finish(error) } else { source.finish() }
    }
}
