import Synchronization

/// What all clients of a crash test know together.
final class CrashLedger: Sendable {
    private struct State {
        /// The highest version that anybody has been told.
        var highest = 0
        var kills = 0
        var isUp = true
        var acknowledged = 0
        var isOver = false
    }

    private let state = Mutex(State())

    var highest: Int { state.withLock { $0.highest } }
    var acknowledged: Int { state.withLock { $0.acknowledged } }

    /// A version was told.
    func told(_ version: Int) { state.withLock { $0.highest = max($0.highest, version) } }

    func acknowledge() { state.withLock { $0.acknowledged += 1 } }

    /// How often the server has been killed, or is about to be.
    var kills: Int { state.withLock { $0.kills } }

    /// Whether the server is up, and since which kill; `nil` from a kill until it answers again.
    var upSinceKill: Int? { state.withLock { $0.isUp ? $0.kills : nil } }

    func kill() {
        state.withLock {
            $0.kills += 1
            $0.isUp = false
        }
    }

    func isBack() { state.withLock { $0.isUp = true } }

    var isOver: Bool { state.withLock { $0.isOver } }

    func end() { state.withLock { $0.isOver = true } }
}
