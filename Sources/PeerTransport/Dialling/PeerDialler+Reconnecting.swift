public import Sessions
public import TLSTransport
public import Wire

/// What to do after an attempt that failed.
public enum RetryDecision: Sendable, Hashable {
    /// Try again after the back-off.
    case retry
    /// Give up.
    case stop
}

extension PeerDialler {
    /// What a reconnecting dialler takes from outside.
    public struct Surroundings: Sendable {
        /// From 0 up to 1.
        public var random: @Sendable () -> Double
        /// Waits; throws when the task is cancelled.
        public var sleep: @Sendable (Duration) async throws -> Void

        public init(
            random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) },
            sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
        ) {
            self.random = random
            self.sleep = sleep
        }
    }

    /// Keeps a connection to the peer, again and again, until the task is cancelled or `failed` says to stop.
    ///
    /// The back-off starts anew after each established connection, so that a peer that was restarted is back at once; one
    /// that flaps is still not dialled more often than the first wait allows.
    ///
    /// - Parameters:
    ///   - tls: asked before each attempt, so that renewed certificates are used.
    ///   - hello: asked before each attempt, so that the epoch is the current one.
    ///   - failed: told of each attempt that failed.
    ///   - serve: talks with the peer until the connection is lost; the connection is closed when it returns.
    public func run(
        backoff: Backoff = Backoff(), surroundings: Surroundings = Surroundings(),
        tls: @Sendable () async throws -> TLSContext, hello: @Sendable () async -> HelloMessage,
        failed: @Sendable (any Error) async -> RetryDecision, serve: @Sendable (PeerConnection) async -> Void
    ) async {
        var backoff = backoff
        var isInVain = false
        defer { if isInVain { crowd?.leave() } }
        while !Task.isCancelled {
            do {
                let connection = try await connect(tls: try await tls(), hello: await hello())
                backoff.reset()
                if isInVain { crowd?.leave() }
                isInVain = false
                await serve(connection)
                await connection.close()
            } catch is CancellationError {
                return
            } catch {
                if !isInVain { crowd?.enter() }
                isInVain = true
                guard await failed(error) == .retry else { return }
            }
            do {
                try await surroundings.sleep(backoff.next(random: surroundings.random(), crowd: crowd?.count))
            } catch {
                return
            }
        }
    }
}
