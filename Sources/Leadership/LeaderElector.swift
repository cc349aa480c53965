public import ClusterAPI
import JSONTree
import KubernetesModel
public import Logging
import Synchronization

/// Takes part in the election of one leader among the replicas of a daemon, by a Lease of the cluster.
///
/// First ``waitToLead()``, then ``lead()`` beside the work, whose writes pass ``fence``; at last ``release()``. A replica that has lost the lease does not lead again: its process ends, and the next one waits its turn.
public final class LeaderElector: Sendable {
    /// The longest time without a leader after one was killed: 10 s, and a look.
    static let timings = LeaderElection.Timings(
        leaseDuration: .seconds(10), renewDeadline: .seconds(7), retryPeriod: .seconds(1))

    /// Open while this replica leads.
    public let fence = LeaseFence()

    private let cluster: any ClusterAPI
    private let name: String
    private let namespace: String
    private let identity: String
    private let logger: Logger
    private let now: @Sendable () -> Int
    private let runner: Runner
    /// Renews from the moment that this replica leads: what it prepares before ``lead()`` may take its time.
    private let renewal = Mutex<Task<Void, any Error>?>(nil)

    /// - Parameters:
    ///   - cluster: not behind the fence.
    ///   - name: of the Lease.
    ///   - identity: of this replica, different for each life of each.
    ///   - now: microseconds since 1970, for the times in the Lease, which only people read.
    public convenience init(
        _ cluster: any ClusterAPI, name: String, namespace: String, identity: String, logger: Logger,
        now: @escaping @Sendable () -> Int
    ) {
        self.init(
            cluster, name: name, namespace: namespace, identity: identity, timings: Self.timings, logger: logger,
            now: now)
    }

    init(
        _ cluster: any ClusterAPI, name: String, namespace: String, identity: String, timings: LeaderElection.Timings,
        logger: Logger, now: @escaping @Sendable () -> Int
    ) {
        self.cluster = cluster
        self.name = name
        self.namespace = namespace
        self.identity = identity
        self.logger = logger
        self.now = now
        runner = Runner(LeaderElection(identity: identity, timings: timings), fence)
    }

    // MARK: - The replica's life

    /// Returns once this replica leads.
    ///
    /// - Throws: `CancellationError`.
    public func waitToLead() async throws {
        logger.info("waiting to lead", metadata: ["lease": "\(namespace)/\(name)"])
        try await runner.run(until: .leading) { try await self.perform($0) }
        logger.notice("this replica leads", metadata: ["lease": "\(namespace)/\(name)"])
        let task = Task { try await renew() }
        renewal.withLock { $0 = task }
    }

    /// Goes on for as long as this replica leads; it has renewed the lease since ``waitToLead()`` returned.
    ///
    /// - Throws: ``LeadershipLost``, at the latest when another replica may begin, however long a request takes;
    ///   `CancellationError`.
    public func lead() async throws {
        guard let renewal = renewal.withLock({ $0 }) else { throw LeadershipLost("\(namespace)/\(name)") }
        try await withTaskCancellationHandler {
            try await renewal.value
        } onCancel: {
            renewal.cancel()
        }
    }

    private func renew() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.runner.run(until: .over) { try await self.perform($0) } }
            group.addTask { try await self.watchDeadline() }
            defer { group.cancelAll() }
            try await group.next()
        }
        fence.shut()
        logger.error("the lease was lost", metadata: ["lease": "\(namespace)/\(name)"])
        throw LeadershipLost("\(namespace)/\(name)")
    }

    /// Shuts the fence and, where this replica leads, lets the next one lead at once. Failures are not told: the lease ends by
    /// itself then.
    public func release() async {
        renewal.withLock { $0 }?.cancel()
        let led = fence.isOpen
        fence.shut()
        guard led else { return }
        for _ in 0..<3 {
            do {
                guard let found = try await cluster.find(.leases, namespace: namespace, name: name) else { return }
                var record = LeaseRecord(found)
                guard record.holder == identity else { return }
                record.holder = ""
                record.durationSeconds = 1
                _ = try await cluster.update(.leases, record.lease(name: name, namespace: namespace))
                return
            } catch let error as APIError where error.isConflict {
                // A renewal was still on its way.
                continue
            } catch {
                logger.debug("the lease was not released", metadata: ["error": "\(error)"])
                return
            }
        }
    }

    // MARK: -

    /// Ends when the fence is shut by time.
    private func watchDeadline() async throws {
        while let deadline = fence.deadline, ContinuousClock.now < deadline {
            try await Task.sleep(until: deadline, clock: .continuous)
        }
        fence.shut()
    }

    /// Does what the election asks for, and says what came of it.
    private func perform(_ action: LeaderElection.Action) async throws -> Outcome {
        switch action {
        case .read:
            do {
                let found = try await cluster.find(.leases, namespace: namespace, name: name)
                return .read(found.map(LeaseRecord.init))
            } catch let error as CancellationError {
                throw error
            } catch {
                logger.warning("the lease cannot be read", metadata: ["error": "\(error)"])
                return .failed
            }
        case .write(let record): return try await write(record)
        case .wait(let time), .lead(let time):
            try await Task.sleep(for: time)
            return .awake
        case .stop:
            fence.shut()
            return .over
        }
    }

    private func write(_ record: LeaseRecord) async throws -> Outcome {
        var record = record
        record.renewTime = Timestamp.microText(now())
        if record.acquireTime.isEmpty { record.acquireTime = record.renewTime }
        let lease = record.lease(name: name, namespace: namespace)
        do {
            let written =
                record.resourceVersion.isEmpty
                ? try await cluster.create(.leases, lease) : try await cluster.update(.leases, lease)
            return .wrote(LeaseRecord(written))
        } catch let error as APIError where error.isConflict || error.isAlreadyExists || error.isNotFound {
            return .conflicted
        } catch let error as CancellationError {
            throw error
        } catch {
            logger.warning("the lease cannot be written", metadata: ["error": "\(error)"])
            return .failed
        }
    }

    private enum Outcome: Sendable {
        case awake
        case read(LeaseRecord?)
        case wrote(LeaseRecord)
        case conflicted
        case failed
        case over
    }

    private enum Goal: Sendable {
        case leading
        case over
    }

    /// The election with its clock: one event after the other.
    private actor Runner {
        private var election: LeaderElection
        private let start = ContinuousClock.now
        private var next = LeaderElection.Action.read
        private let fence: LeaseFence
        init(_ election: LeaderElection, _ fence: LeaseFence) {
            self.election = election
            self.fence = fence
        }

        func run(
            until goal: Goal, _ perform: @Sendable (LeaderElection.Action) async throws -> Outcome
        ) async throws {
            while true {
                if case .leading = goal, case .lead = next { return }
                let outcome = try await perform(next)
                let now = ContinuousClock.now - start
                switch outcome {
                case .awake: next = election.wake(at: now)
                case .read(let record): next = election.read(record, at: now)
                case .wrote(let record):
                    next = election.wrote(record, at: now)
                    if let until = election.leadsUntil { fence.open(until: start + until) }
                case .conflicted: next = election.conflicted(at: now)
                case .failed: next = election.failed(at: now)
                case .over: return
                }
            }
        }
    }
}

/// Another replica leads, or may lead, from now on.
public struct LeadershipLost: Error, Sendable, CustomStringConvertible {
    public let description: String

    init(_ lease: String) {
        description =
            "the lease \(lease) was lost: another replica may lead now, so this one ends; start it again to wait"
    }
}
