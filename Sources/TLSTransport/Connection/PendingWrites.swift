import NIOCore

/// Writes that wait for a flush, or for the end of the handshake.
struct PendingWrites {
    private var writes = MarkedCircularBuffer<(ByteBuffer, EventLoopPromise<Void>?)>(initialCapacity: 4)

    mutating func append(_ buffer: ByteBuffer, _ promise: EventLoopPromise<Void>?) {
        writes.append((buffer, promise))
    }

    /// Everything written so far may be sent.
    mutating func flush() { writes.mark() }

    /// Takes all flushed writes as one message, with one promise for all of theirs; nil when there are none.
    ///
    /// A lone write is passed on as it is; several are copied together once.
    mutating func takeFlushed() -> (message: ByteBuffer, promise: EventLoopPromise<Void>?)? {
        guard writes.hasMark, var (message, promise) = writes.popFirst() else { return nil }
        guard writes.hasMark else { return (message, promise) }
        message.reserveCapacity(message.readableBytes + flushedByteCount)
        while writes.hasMark, let (next, nextPromise) = writes.popFirst() {
            message.writeImmutableBuffer(next)
            promise.setOrCascade(to: nextPromise)
        }
        return (message, promise)
    }

    /// Takes everything, flushed or not, to fail it.
    mutating func takeAllPromises() -> [EventLoopPromise<Void>] {
        let promises = writes.compactMap(\.1)
        writes = MarkedCircularBuffer(initialCapacity: 4)
        return promises
    }

    private var flushedByteCount: Int {
        guard let mark = writes.markedElementIndex else { return 0 }
        return writes[writes.startIndex...mark].reduce(0) { $0 + $1.0.readableBytes }
    }
}
