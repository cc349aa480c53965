import Synchronization

/// The steps of one program that outlive it, over all its lives; the program may be killed at any of them.
final class PersistedSteps: Sendable {
    enum Moment: Sendable, CaseIterable {
        /// What was to be stored is not.
        case before
        /// It is stored, and the program never hears of it.
        case after
    }

    private let state = Mutex((count: 0, killAt: Int?.none, moment: Moment.before))

    var count: Int { state.withLock { $0.count } }

    /// Kills the program at its step of that number, counted from 1 over all of its lives.
    func kill(at step: Int, _ moment: Moment) {
        state.withLock { ($0.killAt, $0.moment) = (step, moment) }
    }

    /// Kills the program at no step.
    func spare() { state.withLock { $0.killAt = nil } }

    /// Counts a step.
    ///
    /// - Returns: when the program is killed at it; `nil` where it is not.
    fileprivate func take() -> Moment? {
        state.withLock { state in
            state.count += 1
            return state.count == state.killAt ? state.moment : nil
        }
    }
}

/// Whether a cluster's API answers its agent or hub.
final class Reach: Sendable {
    private let away = Mutex(false)

    var isAway: Bool {
        get { away.withLock { $0 } }
        set { away.withLock { $0 = newValue } }
    }
}

/// One life of a program, from its start to its end by SIGKILL: nothing that it does afterwards has any effect.
final class Life: Sendable {
    struct Killed: Error {}

    private let steps: PersistedSteps
    private let over = Mutex(false)

    init(_ steps: PersistedSteps) { self.steps = steps }

    var isOver: Bool { over.withLock { $0 } }
    func end() { over.withLock { $0 = true } }
    func check() throws(Killed) { if isOver { throw Killed() } }

    /// Stores something, and dies at it where that is asked for.
    func store<Result>(_ body: () async throws -> Result) async throws -> Result {
        try check()
        let moment = steps.take()
        if moment == .before { end() }
        try check()
        let result = try await body()
        if moment == .after { end() }
        try check()
        return result
    }
}
