import KubernetesModel

/// The pods that want a node, by when they are tried: now, after a back-off, or when something happens that may help.
///
/// | station | is left |
/// |---|---|
/// | waiting in line | by `next`, higher priority first, then first come |
/// | at work | by `park`, `retry` or `remove` |
/// | backing off | when its time has come |
/// | parked | by a change that may help, or after the longest wait; to back-off if that is not over |
///
/// Times are durations since some start; the owner reads the clock.
struct SchedulingQueue: Sendable {
    private enum Station {
        case inLine(ticket: Int)
        case atWork
        case backingOff(until: Duration)
        case parked(plugins: Set<String>, until: Duration)
    }

    private struct Entry {
        let priority: Int
        /// Later pods have higher numbers.
        let arrival: Int
        var station: Station
        var failures = 0
        var lastFailure: Duration = .zero
    }

    /// Pods of one priority in the order they came; tickets that are no longer their pod's are passed over.
    private struct Line {
        var tickets: [(ticket: Int, key: ObjectKey)] = []
        var head = 0
    }

    private let firstBackOff: Duration
    private let longestBackOff: Duration
    private let longestWait: Duration
    private var entries: [ObjectKey: Entry] = [:]
    /// Those that are parked, by the plugins that refused them: a change looks at no others, and at each few plugins once.
    private var parked: [Set<String>: Set<ObjectKey>] = [:]
    private var lastArrival = 0
    private var lines: [Int: Line] = [:]
    private var lastTicket = 0
    /// When the next entry leaves back-off or has been parked for long enough; never later than that.
    private(set) var nextDue: Duration?

    init(_ configuration: SchedulerConfiguration) {
        firstBackOff = configuration.firstBackOff
        longestBackOff = configuration.longestBackOff
        longestWait = configuration.longestWait
    }

    var count: Int { entries.count }

    func contains(_ key: ObjectKey) -> Bool { entries[key] != nil }

    // MARK: - Coming and going

    /// Puts a new pod in line; one that is known stays where it is.
    mutating func add(_ key: ObjectKey, priority: Int) {
        guard entries[key] == nil else { return }
        lastArrival += 1
        entries[key] = Entry(priority: priority, arrival: lastArrival, station: .atWork)
        putInLine(key)
    }

    mutating func remove(_ key: ObjectKey) {
        leaveParking(key)
        entries[key] = nil
    }

    /// The next pod to try, now at work; `nil` when none is in line.
    mutating func next(now: Duration) -> ObjectKey? {
        release(now: now)
        while let priority = lines.keys.max() {
            while var line = lines[priority], line.head < line.tickets.count {
                let (ticket, key) = line.tickets[line.head]
                line.head += 1
                if line.head > 64, line.head * 2 > line.tickets.count {
                    line.tickets.removeFirst(line.head)
                    line.head = 0
                }
                lines[priority] = line
                guard case .inLine(ticket)? = entries[key]?.station else { continue }
                entries[key]?.station = .atWork
                return key
            }
            lines[priority] = nil
        }
        return nil
    }

    // MARK: - Failing

    /// No node would do; `plugins` refused. The pod waits for a change that may help.
    ///
    /// - Parameter helpedByTime: whether it is tried again after its back-off even if nothing happens.
    mutating func park(_ key: ObjectKey, plugins: Set<String>, helpedByTime: Bool = false, now: Duration) {
        guard fail(key, now: now), let entry = entries[key] else { return }
        let until = now + (helpedByTime ? backOff(of: entry) : longestWait)
        entries[key]?.station = .parked(plugins: plugins, until: until)
        parked[plugins, default: []].insert(key)
        expect(until)
    }

    /// Something went wrong that time may mend: the pod is tried again after its back-off.
    mutating func retry(_ key: ObjectKey, now: Duration) {
        guard fail(key, now: now), let entry = entries[key] else { return }
        backOff(key, until: now + backOff(of: entry))
    }

    private mutating func fail(_ key: ObjectKey, now: Duration) -> Bool {
        guard entries[key] != nil else { return false }
        entries[key]?.failures += 1
        entries[key]?.lastFailure = now
        return true
    }

    private func backOff(of entry: Entry) -> Duration {
        min(firstBackOff * (1 << min(max(entry.failures - 1, 0), 20)), longestBackOff)
    }

    // MARK: - Another chance

    /// A change happened: parked pods that it may help are tried again once their back-off is over.
    mutating func note(_ change: ClusterChange, now: Duration) {
        let helped = parked.filter { plugins, _ in change.mayHelp(plugins) }.flatMap(\.value)
            .compactMap { key in entries[key].map { (key: key, entry: $0) } }
        // In the order in which they came, so that a run can be repeated.
        for (key, entry) in helped.sorted(by: { $0.entry.arrival < $1.entry.arrival }) { unpark(key, entry, now: now) }
    }

    /// The pod itself changed: it is tried again once its back-off is over.
    mutating func reconsider(_ key: ObjectKey, now: Duration) {
        guard let entry = entries[key], case .parked = entry.station else { return }
        unpark(key, entry, now: now)
    }

    private mutating func unpark(_ key: ObjectKey, _ entry: Entry, now: Duration) {
        let until = entry.lastFailure + backOff(of: entry)
        if until > now { backOff(key, until: until) } else { putInLine(key) }
    }

    private mutating func backOff(_ key: ObjectKey, until: Duration) {
        leaveParking(key)
        entries[key]?.station = .backingOff(until: until)
        expect(until)
    }

    private mutating func putInLine(_ key: ObjectKey) {
        guard let priority = entries[key]?.priority else { return }
        leaveParking(key)
        lastTicket += 1
        entries[key]?.station = .inLine(ticket: lastTicket)
        lines[priority, default: Line()].tickets.append((lastTicket, key))
    }

    private mutating func leaveParking(_ key: ObjectKey) {
        guard case .parked(let plugins, _)? = entries[key]?.station else { return }
        parked[plugins]?.remove(key)
        if parked[plugins]?.isEmpty == true { parked[plugins] = nil }
    }

    private mutating func expect(_ time: Duration) { nextDue = nextDue.map { min($0, time) } ?? time }

    /// Puts those whose time has come in line, in the order of their times.
    private mutating func release(now: Duration) {
        guard let due = nextDue, due <= now else { return }
        nextDue = nil
        var released: [(time: Duration, arrival: Int, key: ObjectKey)] = []
        for (key, entry) in entries {
            let time: Duration
            switch entry.station {
            case .inLine, .atWork: continue
            case .backingOff(let until), .parked(_, let until): time = until
            }
            if time <= now { released.append((time, entry.arrival, key)) } else { expect(time) }
        }
        for next in released.sorted(by: { ($0.time, $0.arrival) < ($1.time, $1.arrival) }) { putInLine(next.key) }
    }
}
