import TestKit

@testable import ClusterAPI

/// Keys to look at, now or later: a controller's queue whose order the run decides.
struct Jobs<Job: Hashable & CustomStringConvertible> {
    private var ready: [String: Job] = [:]
    private var later: [String: (at: Duration, job: Job)] = [:]

    /// Those to be looked at now, in an order that is the same in every process.
    var all: [String] { ready.keys.sorted() }
    var next: Duration? { later.values.map(\.at).min() }

    mutating func add(_ job: Job) {
        ready[job.description] = job
        later[job.description] = nil
    }

    mutating func add(_ job: Job, at time: Duration) {
        guard ready[job.description] == nil, time < later[job.description]?.at ?? .seconds(1 << 40) else { return }
        later[job.description] = (time, job)
    }

    /// Makes ready what is due.
    mutating func wake(_ now: Duration) {
        for (name, entry) in later where entry.at <= now {
            later[name] = nil
            ready[name] = entry.job
        }
    }

    mutating func take(_ name: String) -> Job? { ready.removeValue(forKey: name) }

    /// Takes over what a reconciler's queue holds.
    mutating func drain<Key: Hashable & Sendable>(_ queue: WorkQueue<Key>, _ job: (Key) -> Job) async {
        while queue.count > 0, let key = await queue.next() {
            queue.done(key)
            add(job(key))
        }
    }
}

/// Feeds an informer from its cluster, change by change, as late as the run likes.
struct Feed {
    let informer: Informer
    private var version: Int?

    init(_ informer: Informer) { self.informer = informer }

    /// Whether the first list has been read.
    var isRead: Bool { version != nil }

    func isBehind(_ cluster: Int) -> Bool { version.map { $0 < cluster } ?? true }

    /// Reads the list, or takes some changes over.
    mutating func step(_ cluster: DurableCluster, chance: Chance) async throws {
        guard let version else {
            self.version = Int(try await informer.relist()) ?? 0
            return
        }
        try cluster.life.check()
        let events = try cluster.base.changes(
            of: informer.type, namespace: informer.namespace, labelSelector: informer.labelSelector, since: version)
        guard !events.isEmpty else {
            self.version = cluster.base.version
            return
        }
        for event in events.prefix(1 + chance.below(events.count)) {
            self.version = Int(informer.take(event)) ?? version
        }
    }
}
