import NIOCore
import Synchronization

/// The open connections of a server: counts them against their limits and closes them together.
final class HTTPConnectionRegistry: Sendable {
    let limit: Int
    private let limitPerAddress: Int
    private let evictsAnonymous: Bool

    private struct Connections {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var perAddress: [String: Int] = [:]
        /// Those on which no client has proved who it is, the oldest first; known and closed ones are taken out in bulk.
        var anonymous: [(id: ObjectIdentifier, address: String)] = []
        var known: Set<ObjectIdentifier> = []
        var isClosing = false
        /// Resumed when the last connection has gone.
        var drained: [CheckedContinuation<Void, Never>] = []

        mutating func remove(_ id: ObjectIdentifier, _ address: String) {
            guard channels.removeValue(forKey: id) != nil else { return }
            known.remove(id)
            let left = (perAddress[address] ?? 1) - 1
            perAddress[address] = left > 0 ? left : nil
        }

        /// Takes the oldest connection of an unknown client out, of an address or of all.
        mutating func evict(from address: String?) -> (any Channel)? {
            anonymous.removeAll { channels[$0.id] == nil || known.contains($0.id) }
            guard let place = anonymous.firstIndex(where: { address == nil || $0.address == address }) else {
                return nil
            }
            let (id, address) = anonymous.remove(at: place)
            let channel = channels[id]
            remove(id, address)
            return channel
        }
    }

    private let connections = Mutex(Connections())

    /// - Parameters:
    ///   - limit: most connections at a time.
    ///   - limitPerAddress: most from one address.
    ///   - evictsAnonymous: whether the oldest connection of an unknown client makes room for a new one.
    init(limit: Int, limitPerAddress: Int, evictsAnonymous: Bool) {
        self.limit = limit
        self.limitPerAddress = limitPerAddress
        self.evictsAnonymous = evictsAnonymous
    }

    var count: Int {
        connections.withLock { $0.channels.count }
    }

    /// Takes a connection in until it closes.
    ///
    /// - Returns: false, without taking it in, if there are too many or the server is closing.
    func add(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let address = channel.remoteAddress?.ipAddress ?? ""
        let (isAdded, evicted) = connections.withLock { connections -> (Bool, (any Channel)?) in
            guard !connections.isClosing else { return (false, nil) }
            var evicted: (any Channel)?
            let isFullHere = connections.perAddress[address, default: 0] >= limitPerAddress
            if isFullHere || connections.channels.count >= limit {
                guard evictsAnonymous, let oldest = connections.evict(from: isFullHere ? address : nil) else {
                    return (false, nil)
                }
                evicted = oldest
            }
            connections.channels[id] = channel
            connections.perAddress[address, default: 0] += 1
            if evictsAnonymous {
                connections.anonymous.append((id, address))
                // Most leave the queue by becoming known, unseen by it.
                if connections.anonymous.count > 2 * limit {
                    let (channels, known) = (connections.channels, connections.known)
                    connections.anonymous.removeAll { channels[$0.id] == nil || known.contains($0.id) }
                }
            }
            return (true, evicted)
        }
        evicted?.close(promise: nil)
        if isAdded { channel.closeFuture.whenComplete { _ in self.remove(id, address) } }
        return isAdded
    }

    /// The client of a connection has proved who it is: the connection makes room for no other.
    func keep(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        connections.withLock { if $0.channels[id] != nil { $0.known.insert(id) } }
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

    private func remove(_ id: ObjectIdentifier, _ address: String) {
        let drained = connections.withLock { connections -> [CheckedContinuation<Void, Never>] in
            connections.remove(id, address)
            guard connections.channels.isEmpty else { return [] }
            defer { connections.drained = [] }
            return connections.drained
        }
        for continuation in drained { continuation.resume() }
    }
}
