import Synchronization

/// Promises that were broken, whoever saw it.
final class Complaints: Sendable {
    private let list = Mutex<[String]>([])

    var all: [String] { list.withLock { $0 } }
    func add(_ what: String) { list.withLock { $0.append(what) } }
}

/// How often an event was recorded, by its reason.
final class EventCount: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    subscript(reason: String) -> Int { counts.withLock { $0[reason] ?? 0 } }
    func note(_ reason: String) { counts.withLock { $0[reason, default: 0] += 1 } }
}

/// What really ran, whatever anybody says: the judge's own notes.
final class Ledger {
    let complaints = Complaints()
    /// By the origin's uid, where the pod's process runs now: `EDGE/UID` of the edge's pod.
    private(set) var running: [String: Set<String>] = [:]
    private var finished: Set<String> = []
    /// Broken promises, in the order in which they were seen.
    var violations: [String] { complaints.all }
    /// How often a pod was started, in all.
    private(set) var starts = 0
    /// Whether an old backup was restored: what had finished since then is not known there.
    var forgivesOldBackup = false

    func started(_ origin: String, at place: String) {
        starts += 1
        running[origin, default: []].insert(place)
        if finished.contains(origin), !forgivesOldBackup {
            complaints.add("\(origin) had finished and was run again at \(place)")
        }
        if let places = running[origin], places.count > 1 {
            complaints.add("\(origin) runs \(places.count) times: \(places.sorted()) (I1)")
        }
    }

    func ended(_ origin: String, at place: String) {
        running[origin]?.remove(place)
        if running[origin]?.isEmpty == true { running[origin] = nil }
    }

    func finished(_ origin: String) { finished.insert(origin) }

    func violated(_ what: String) { complaints.add(what) }
}
