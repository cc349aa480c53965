import NIOCore
import Synchronization

/// What the sessions of one event loop wait for: one timer for all that are due at the same time, so that a thousand idle
/// connections cost the loop a few timers a second. Bound to its event loop.
final class SharedTimers {
    private static let all = Mutex<[ObjectIdentifier: NIOLoopBound<SharedTimers>]>([:])

    private let eventLoop: any EventLoop
    private var users = 0
    private var waiting: [Duration: [PeerSessionHandler]] = [:]

    private init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    /// The loop's timers, to be left with ``leave()``.
    static func join(_ eventLoop: any EventLoop) -> SharedTimers {
        eventLoop.preconditionInEventLoop()
        let timers = all.withLock { all in
            let new = all[ObjectIdentifier(eventLoop)] ?? NIOLoopBound(SharedTimers(eventLoop), eventLoop: eventLoop)
            all[ObjectIdentifier(eventLoop)] = new
            return new
        }.value
        timers.users += 1
        return timers
    }

    /// The last one leaves nothing behind: loops come and go.
    func leave() {
        users -= 1
        guard users == 0 else { return }
        Self.all.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(eventLoop)) }
    }

    /// The time at which all connections of the process look that have something to do until then: a thousand idle ones wake
    /// it ten times a second, not a thousand times.
    ///
    /// - Parameter slack: in nanoseconds; 0 for none.
    static func common(_ deadline: Duration, slack: Int64) -> Duration {
        guard slack > 0, deadline > .zero else { return deadline }
        let (latest, overflow) = deadline.nanoseconds.addingReportingOverflow(slack - 1)
        return overflow ? deadline : .nanoseconds(latest / slack * slack)
    }

    /// Calls the handler's `timeHasCome` at a time of the monotonic clock, once.
    func add(_ handler: PeerSessionHandler, at time: Duration) {
        if waiting[time] == nil {
            eventLoop.assumeIsolated().scheduleTask(deadline: NIODeadline(time)) { self.fire(time) }
        }
        waiting[time, default: []].append(handler)
    }

    func remove(_ handler: PeerSessionHandler, at time: Duration) {
        waiting[time]?.removeAll { $0 === handler }
    }

    private func fire(_ time: Duration) {
        for handler in waiting.removeValue(forKey: time) ?? [] { handler.timeHasCome(time) }
    }
}
