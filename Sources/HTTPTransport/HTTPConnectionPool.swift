import NIOCore
import Synchronization

/// The pooled connections of one client: the most recently used first, a bounded number; those who
/// wait for one are woken in order.
final class HTTPConnectionPool: Sendable {
    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var idle: [HTTPClientConnection] = []
        /// Connections that are open, being opened, or promised to a waiter.
        var count = 0
        var waiters: [Waiter] = []
        var nextWaiter: UInt64 = 0
        var isShutDown = false
    }

    private enum Grant {
        case reuse(HTTPClientConnection)
        case open
        case wait
        case shutDown
    }

    private let connector: HTTPConnector
    private let state = Mutex(State())

    init(connector: HTTPConnector) {
        self.connector = connector
    }

    /// A connection for one request, and whether it has been used before.
    func acquire() async throws -> (connection: HTTPClientConnection, isReused: Bool) {
        while true {
            switch grant() {
            case .reuse(let connection): return (connection, true)
            case .open: return (try await open(), false)
            case .wait: try await wait()
            case .shutDown: throw Self.shutDownError
            }
        }
    }

    /// Gives a connection back whose response is complete and lets another follow.
    func release(_ connection: HTTPClientConnection) {
        let (isKept, next) = state.withLock { state -> (Bool, Waiter?) in
            guard !state.isShutDown, connection.channel.isActive else { return (false, nil) }
            state.idle.append(connection)
            return (true, state.waiters.isEmpty ? nil : state.waiters.removeFirst())
        }
        if !isKept { connection.channel.close(promise: nil) }
        next?.continuation.resume()
    }

    /// Closes the connections that wait for work: one of them was found dead, so the others are likely to be, too.
    func dropIdle() {
        let idle = state.withLock { state in
            defer { state.idle = [] }
            return state.idle
        }
        for connection in idle { connection.channel.close(promise: nil) }
    }

    func shutDown() {
        let waiters = state.withLock { state in
            state.isShutDown = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.continuation.resume(throwing: Self.shutDownError) }
        dropIdle()
    }

    private static let shutDownError = HTTPTransportError(.shutDown, "The HTTP client has been shut down.")

    private func grant() -> Grant {
        state.withLock { state in
            guard !state.isShutDown else { return .shutDown }
            while let connection = state.idle.popLast() {
                if connection.channel.isActive { return .reuse(connection) }
            }
            guard state.count < connector.configuration.maxConnections else { return .wait }
            state.count += 1
            return .open
        }
    }

    private func open() async throws -> HTTPClientConnection {
        do {
            let connection = try await connector.connect()
            let id = ObjectIdentifier(connection.channel)
            connection.channel.closeFuture.whenComplete { _ in self.closed(id) }
            return connection
        } catch {
            closed(nil)
            throw error
        }
    }

    /// A connection has gone, so that one more may be opened.
    private func closed(_ id: ObjectIdentifier?) {
        let next = state.withLock { state -> Waiter? in
            state.count -= 1
            if let id { state.idle.removeAll { ObjectIdentifier($0.channel) == id } }
            return state.waiters.isEmpty ? nil : state.waiters.removeFirst()
        }
        next?.continuation.resume()
    }

    /// Waits until it is worth asking again.
    private func wait() async throws {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let timeout = connector.configuration.responseTimeout
        let timer = connector.group.any().scheduleTask(in: TimeAmount(timeout)) {
            self.abandon(
                id,
                HTTPTransportError(
                    .poolTimeout, "No connection to \(self.connector.endpoint) became free within \(timeout)."))
        }
        defer { timer.cancel() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isReady = state.withLock { state in
                    // What was missing may have come since `grant()`.
                    guard state.idle.isEmpty, state.count >= connector.configuration.maxConnections,
                        !state.isShutDown, !Task.isCancelled
                    else { return true }
                    state.waiters.append(Waiter(id: id, continuation: continuation))
                    return false
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            abandon(id, CancellationError())
        }
        try Task.checkCancellation()
    }

    private func abandon(_ id: UInt64, _ error: any Error) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiters.remove(at: index)
        }
        waiter?.continuation.resume(throwing: error)
    }
}
