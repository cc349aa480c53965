import Enrolment
import PeerTransport
import Sessions
import Synchronization
import TLSTransport
import Wire

@testable import Hub

/// Whom a program is dialling: its diallers put themselves here, and the run dials for them when it likes.
final class DialBoard: Sendable {
    struct Attempt: Sendable {
        let id: Int
        let address: PeerAddress
        let purpose: DialPurpose
        let backoff: Backoff
        let tls: @Sendable () async throws -> TLSContext
        let hello: @Sendable () async -> HelloMessage
        let failed: @Sendable (any Error) async -> RetryDecision
    }

    private struct State {
        var attempts: [Int: Attempt] = [:]
        var last = 0
        /// Diallers that were made and have not put themselves here yet.
        var expected: Set<Int> = []
        /// What ends each attempt's wait.
        var ends: [Int: AsyncStream<Void>.Continuation] = [:]
        var ended: Set<Int> = []
    }

    private let state = Mutex(State())

    var attempts: [Attempt] { state.withLock { $0.attempts.values.sorted { $0.id < $1.id } } }

    func made() -> Int {
        state.withLock { state in
            state.last += 1
            state.expected.insert(state.last)
            return state.last
        }
    }

    /// Keeps the attempt here until its task is cancelled or it is ended.
    func keep(_ attempt: Attempt) async {
        let (wait, end) = AsyncStream<Void>.makeStream()
        state.withLock { state in
            state.expected.remove(attempt.id)
            state.attempts[attempt.id] = attempt
            state.ends[attempt.id] = end
        }
        for await _ in wait {}
        state.withLock { state in
            state.attempts[attempt.id] = nil
            state.ends[attempt.id] = nil
        }
    }

    func end(_ id: Int) {
        let wait = state.withLock { state in
            state.ended.insert(id)
            return state.ends[id]
        }
        wait?.finish()
    }

    /// Waits, in real time, until who is to dial does, and nobody else: tasks begin and end when the machine likes.
    ///
    /// - Parameter farewells: those that are to be said.
    func settle(farewells: () -> Set<String>) async {
        func isSettled() -> Bool {
            let pending = farewells()
            return state.withLock { state in
                let farewells = state.attempts.values.filter { !state.ended.contains($0.id) }.compactMap { attempt in
                    if case .farewell(let id) = attempt.purpose { return id } else { return nil }
                }
                return state.expected.isEmpty && state.ended.allSatisfy { state.attempts[$0] == nil }
                    && Set(farewells) == pending && farewells.count == pending.count
            }
        }
        while !isSettled(), !Task.isCancelled { await Task.yield() }
    }
}

extension DialBoard {
    /// An edge's way to the hub that it joins.
    func join(
        _ address: PeerAddress, ask: @escaping @Sendable (PeerAddress, EnrollMessage) async throws -> EnrolledMessage
    ) -> SimulatedDialler {
        SimulatedDialler(id: made(), address: address, purpose: .peering(name: World.hubName), board: self, ask: ask)
    }
}

/// One of a program's ways to a peer, in a run.
struct SimulatedDialler: PeerDialling {
    let id: Int
    let address: PeerAddress
    let purpose: DialPurpose
    let board: DialBoard
    /// Carries an enrolment's request to whoever answers at the address.
    let ask: @Sendable (PeerAddress, EnrollMessage) async throws -> EnrolledMessage

    func enrol(
        _ token: PeerToken, clusterID: String, clusterName: String, role: PeerRole, peerClusterID: String?
    ) async throws -> PeerEnrolment {
        try await PeerEnrolment.obtain(
            token, clusterID: clusterID, clusterName: clusterName, role: role, peerClusterID: peerClusterID,
            at: address
        ) { try await ask(address, $0) }
    }

    func run(
        backoff: Backoff, tls: @escaping @Sendable () async throws -> TLSContext,
        hello: @escaping @Sendable () async -> HelloMessage,
        failed: @escaping @Sendable (any Error) async -> RetryDecision,
        serve: @escaping @Sendable (PeerConnection) async -> Void
    ) async {
        await board.keep(
            DialBoard.Attempt(
                id: id, address: address, purpose: purpose, backoff: backoff, tls: tls, hello: hello, failed: failed))
    }
}
