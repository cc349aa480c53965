/// How several replicas agree on one leader by a Lease: pure, driven by what was read and written.
///
/// Times are those of one replica's own monotonic clock. A follower that sees the same version of the Lease for as long as its
/// holder may be silent takes it; of two that do so the cluster's optimistic concurrency lets one through. A leader that could
/// not renew for ``Timings/renewDeadline``, which is shorter, has stopped by then.
///
/// | state | event | next | action |
/// |---|---|---|---|
/// | following | ``wake(at:)`` | following | read |
/// | following | ``read(_:at:)``: nobody's, ours, or silent for too long | taking | write |
/// | following | ``read(_:at:)``: another's | following | wait |
/// | taking | ``wrote(_:at:)`` | leading | lead |
/// | taking | ``conflicted(at:)``, ``failed(at:)`` | following | read, wait |
/// | leading | ``wake(at:)`` | leading | write |
/// | leading | ``wrote(_:at:)`` | leading | wait |
/// | leading | ``conflicted(at:)`` | leading | read |
/// | leading | ``read(_:at:)``: ours, or deleted | leading | write |
/// | leading | ``read(_:at:)``: another's or gone to nobody | over | stop |
/// | leading | ``failed(at:)`` within the deadline | leading | wait |
/// | leading | any event after the deadline | over | stop |
package struct LeaderElection: Sendable {
    /// How long is waited for what.
    package struct Timings: Sendable, Hashable {
        /// How long a leader that is not heard still counts: the longest time without a leader after one has died.
        package var leaseDuration: Duration
        /// How long a leader goes on that cannot renew. The difference to the former is for writes that are under way.
        package var renewDeadline: Duration
        /// Between two looks or renewals.
        package var retryPeriod: Duration

        package init(leaseDuration: Duration, renewDeadline: Duration, retryPeriod: Duration) {
            precondition(
                retryPeriod < renewDeadline && renewDeadline < leaseDuration,
                "a leader must have stopped before another begins")
            self.leaseDuration = leaseDuration
            self.renewDeadline = renewDeadline
            self.retryPeriod = retryPeriod
        }
    }

    package enum Action: Sendable, Equatable {
        /// Read the Lease, and tell by ``LeaderElection/read(_:at:)``.
        case read
        /// Write the record in place of its version, or create it where it has none.
        case write(LeaseRecord)
        /// Call ``LeaderElection/wake(at:)`` after this long.
        case wait(Duration)
        /// Begin to lead, and wake after this long.
        case lead(Duration)
        /// Do nothing more as the leader: somebody else may lead from now on.
        case stop
    }

    private struct Seen {
        var record: LeaseRecord
        var since: Duration
    }

    private enum State {
        case following(Seen?)
        case taking(since: Duration)
        /// `renewed`: when the last renewal that was answered was sent.
        case leading(LeaseRecord, renewed: Duration, sent: Duration)
        case over
    }

    package let identity: String
    package let timings: Timings
    private var state = State.following(nil)

    /// - Parameter identity: of this replica, different for each life of each.
    package init(identity: String, timings: Timings) {
        self.identity = identity
        self.timings = timings
    }

    package var isLeading: Bool { if case .leading = state { true } else { false } }

    /// Until when this replica may lead; `nil` while it does not.
    package var leadsUntil: Duration? {
        if case .leading(_, let renewed, _) = state { renewed + timings.renewDeadline } else { nil }
    }

    // MARK: - Events

    package mutating func wake(at now: Duration) -> Action {
        switch state {
        case .following: return .read
        case .taking: preconditionFailure("a write is under way")
        case .leading(let record, let renewed, _):
            guard !isOverdue(renewed, now) else { return stop() }
            state = .leading(record, renewed: renewed, sent: now)
            return .write(record)
        case .over: return .stop
        }
    }

    /// - Parameter record: `nil` where there is no Lease.
    package mutating func read(_ record: LeaseRecord?, at now: Duration) -> Action {
        switch state {
        case .following(let seen): return follow(record, seen, now)
        case .taking: preconditionFailure("a write is under way")
        case .leading(_, let renewed, _):
            guard !isOverdue(renewed, now), record == nil || record?.holder == identity else { return stop() }
            // Somebody edited or deleted the Lease, or an answer was lost. Followers wait after a deletion, too.
            var record = record ?? LeaseRecord(holder: identity, durationSeconds: 1)
            record.durationSeconds = seconds
            state = .leading(record, renewed: renewed, sent: now)
            return .write(record)
        case .over: return .stop
        }
    }

    /// The record was written.
    ///
    /// - Parameter record: as the cluster has it now.
    package mutating func wrote(_ record: LeaseRecord, at now: Duration) -> Action {
        switch state {
        case .following: preconditionFailure("nothing was to be written")
        case .taking(let since):
            guard !isOverdue(since, now) else {
                // The answer took so long that it is worth nothing: look at what is.
                state = .following(nil)
                return .read
            }
            state = .leading(record, renewed: since, sent: since)
            return .lead(timings.retryPeriod)
        case .leading(_, let renewed, let sent):
            guard !isOverdue(renewed, now) else { return stop() }
            state = .leading(record, renewed: sent, sent: sent)
            return .wait(timings.retryPeriod)
        case .over: return .stop
        }
    }

    /// The record was not written: the Lease has changed, is there already, or is gone.
    package mutating func conflicted(at now: Duration) -> Action {
        switch state {
        case .following: preconditionFailure("nothing was to be written")
        case .taking:
            state = .following(nil)
            return .read
        case .leading(_, let renewed, _): return isOverdue(renewed, now) ? stop() : .read
        case .over: return .stop
        }
    }

    /// No answer came to a read or a write, or one that says nothing.
    package mutating func failed(at now: Duration) -> Action {
        switch state {
        case .following: return .wait(timings.retryPeriod)
        case .taking:
            // It may have been written all the same: the next look tells.
            state = .following(nil)
            return .wait(timings.retryPeriod)
        case .leading(_, let renewed, _):
            guard !isOverdue(renewed, now) else { return stop() }
            // Sooner than usual: there is a deadline.
            return .wait(min(timings.retryPeriod, renewed + timings.renewDeadline - now) / 2)
        case .over: return .stop
        }
    }

    // MARK: -

    private mutating func follow(_ record: LeaseRecord?, _ seen: Seen?, _ now: Duration) -> Action {
        guard let record else {
            // A Lease that somebody deleted has a leader until it has noticed.
            if let seen, !seen.record.holder.isEmpty, let left = left(seen, now) { return .wait(left) }
            return take(LeaseRecord(holder: "", durationSeconds: 1), now)
        }
        if record.holder.isEmpty || record.holder == identity { return take(record, now) }
        guard let seen, seen.record == record else {
            state = .following(Seen(record: record, since: now))
            return .wait(timings.retryPeriod)
        }
        if let left = left(seen, now) { return .wait(left) }
        return take(record, now)
    }

    /// How long to wait until the holder has been silent for too long; `nil` where it has. By the holder's own promise:
    /// replicas of two versions may differ in it.
    private func left(_ seen: Seen, _ now: Duration) -> Duration? {
        let left = seen.since + .seconds(seen.record.durationSeconds) - now
        return left <= .zero ? nil : min(timings.retryPeriod, left)
    }

    private var seconds: Int { Int(timings.leaseDuration.components.seconds) }

    /// - Parameter record: as it is; empty times are filled in by whoever writes it.
    private mutating func take(_ record: LeaseRecord, _ now: Duration) -> Action {
        state = .taking(since: now)
        var record = record
        if record.holder != identity, !record.resourceVersion.isEmpty { record.transitions += 1 }
        record.holder = identity
        record.acquireTime = ""
        record.durationSeconds = seconds
        return .write(record)
    }

    private func isOverdue(_ renewed: Duration, _ now: Duration) -> Bool { now >= renewed + timings.renewDeadline }

    private mutating func stop() -> Action {
        state = .over
        return .stop
    }
}
