import JSONTree
import NIOCore
import Sessions
import Wire

/// The way from any task to a connection's handler on its event loop. Calls take effect in their order.
struct PeerConnectionCore: Sendable {
    let channel: any Channel
    let handler: NIOLoopBound<PeerSessionHandler>
    /// Fewer bytes of a stream that were read are not told to the handler.
    let leastReport: Int

    func run(_ body: @escaping @Sendable (PeerSessionHandler) -> Void) {
        let handler = handler
        if channel.eventLoop.inEventLoop {
            // Not at once: the handler may be in the middle of an event.
            channel.eventLoop.assumeIsolated().execute { body(handler.value) }
        } else {
            channel.eventLoop.execute { body(handler.value) }
        }
    }

    func ask<Value: Sendable>(_ body: @escaping @Sendable (PeerSessionHandler) throws -> Value) async throws -> Value {
        let handler = handler
        return try await channel.eventLoop.submit { try body(handler.value) }.get()
    }

    func consumed(_ id: UInt32, bytes: Int) { run { $0.change { $0.consumedStream(id, bytes: bytes) } } }

    /// There is something to send in the stream's pipe.
    func fetchStream(_ id: UInt32) { run { $0.fetch(id) } }

    func finishStream(_ id: UInt32) {
        run {
            $0.change {
                $0.finishStream(id)
                return []
            }
        }
    }

    func cancelStream(_ id: UInt32, error: String) { run { $0.cancel(id, error: error) } }

    func dropStream(_ id: UInt32, error: String) { run { $0.drop(id, error: error) } }

    func forgetStream(_ id: UInt32) { run { $0.forget(id) } }

    func acceptStream(_ id: UInt32, _ pipe: StreamPipe) { run { $0.accept(id, pipe) } }

    func refuseStream(_ id: UInt32, code: String, message: String) {
        run { $0.change { $0.refuseStream(id, code: code, message: message) } }
    }
}
