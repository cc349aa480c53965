import NIOCore
import Synchronization

/// The open connections of a server: counts them against their limit and closes them together.
final class HTTPConnectionRegistry: Sendable {
    let limit: Int

    private struct Connections {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isClosing = false
        /// Resumed when the last connection has gone.
        var drained: [CheckedContinuation<Void, Never>] = []
    }

    private let connections = Mutex(Connections())

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int {
        connections.withLock { $0.channels.count }
    }

    /// Takes a connection in until it closes.
    ///
    /// - Returns: false, without taking it in, if there are too many or the server is closing.
    func add(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let isAdded = connections.withLock {
            guard !$0.isClosing, $0.channels.count < limit else { return false }
            $0.channels[id] = channel
            return true
        }
        if isAdded { channel.closeFuture.whenComplete { _ in self.remove(id) } }
        return isAdded
    }

    /// Asks every connection to end, cuts those that are left after the grace, and returns when all are closed.
    func close(grace: Duration) async {
        let channels = connections.withLock {
            $0.isClosing = true
            return Array($0.channels.values)
        }
        for channel in channels {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
        let cut = channels.map { channel in
            channel.eventLoop.scheduleTask(in: TimeAmount(grace)) { channel.close(promise: nil) }
        }
        await withCheckedContinuation { continuation in
            let isDrained = connections.withLock {
                if $0.channels.isEmpty { return true }
                $0.drained.append(continuation)
                return false
            }
            if isDrained { continuation.resume() }
        }
        for timer in cut { timer.cancel() }
    }

    private func remove(_ id: ObjectIdentifier) {
        let drained = connections.withLock { connections -> [CheckedContinuation<Void, Never>] in
            connections.channels[id] = nil
            guard connections.channels.isEmpty else { return [] }
            defer { connections.drained = [] }
            return connections.drained
        }
        for continuation in drained { continuation.resume() }
    }
}
