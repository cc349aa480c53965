import ClusterAPI
import Glibc
import JSONTree
import KubernetesModel
import OffloadingModel
import Synchronization

/// When each pod of a namespace reached each stage of its way to an edge and back, as watchers of the clusters see it.
final class PodStages: Sendable {
    enum Stage: Int, CaseIterable {
        /// The origin has the pod.
        case created
        /// The origin's pod has a node.
        case scheduled
        /// The hub has it among what the edge shall run, and sends it.
        case sent
        /// The edge's cluster has the pod.
        case accepted
        /// It runs at the edge.
        case running
        /// The origin's pod says so.
        case written
    }

    /// Microseconds since 1970 by the origin's uid.
    private let times = Mutex<[String: [Stage: Int]]>([:])
    private let tasks: [Task<Void, Never>]

    init(origin: any ClusterAPI, edges: [any ClusterAPI], namespace: String) async throws {
        let here = Informer(origin, .pods, namespace: namespace, logger: .silent)
        let there = edges.map { Informer($0, .pods, namespace: namespace, logger: .silent) }
        tasks = ([here] + there).map { informer in Task { await informer.run() } }
        here.onChange { [weak self] change in
            guard let pod = change.new else { return }
            self?.note(.created, pod.uid)
            if pod.spec["nodeName"]?.string != nil { self?.note(.scheduled, pod.uid) }
            if pod.status["phase"]?.string == "Running" { self?.note(.written, pod.uid) }
        }
        for informer in there {
            informer.onChange { [weak self] change in
                guard let pod = change.new, let uid = pod.label(Names.originUIDLabel) else { return }
                self?.note(.accepted, uid)
                if pod.status["phase"]?.string == "Running" { self?.note(.running, uid) }
            }
        }
        for informer in [here] + there { try await informer.waitForSync() }
    }

    deinit { for task in tasks { task.cancel() } }

    /// Microseconds since 1970.
    static func now() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    }

    /// Reads what `Timestamp.microText` writes.
    private static func microseconds(_ text: String) -> Int? {
        guard let seconds = Timestamp.seconds(text), let dot = text.lastIndex(of: "."),
            let fraction = Int(text[text.index(after: dot)...].dropLast())
        else { return nil }
        return seconds * 1_000_000 + fraction
    }

    private func note(_ stage: Stage, _ uid: String) {
        let now = Self.now()
        times.withLock { $0[uid, default: [:]][stage, default: now] = min($0[uid]?[stage] ?? now, now) }
    }

    /// Takes from the hub's audit log when it gave the pods to their edges.
    func takePlacements(from path: String) {
        for line in SystemFile.lines(path) {
            guard let event = try? JSON(parsing: Array(line.utf8)), event["event"]?.string == "placement",
                let uid = event["uid"]?.string, let text = event["time"]?.string,
                let time = Self.microseconds(text)
            else { continue }
            times.withLock { if $0[uid] != nil { $0[uid]?[.sent] = time } }
        }
    }

    /// Waits until so many pods have come all the way.
    func wait(for count: Int, within limit: Duration) async throws {
        let deadline = ContinuousClock.now + limit
        while true {
            let arrived = times.withLock { $0.values.count { $0[.written] != nil } }
            if arrived >= count { return }
            guard ContinuousClock.now < deadline else {
                let left = Stage.allCases.map { stage in
                    "\(stage): \(times.withLock { $0.values.count { $0[stage] != nil } })"
                }
                throw BenchmarkFailure(
                    "waited \(limit) in vain for \(count) pods to run. \(left.joined(separator: ", "))")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// What pods spent between the stage before and this one, in milliseconds, the shortest first: for `created` since `start`.
    func durations(_ stage: Stage, since start: Int) -> [Double] {
        let before = Stage(rawValue: stage.rawValue - 1)
        return times.withLock { Array($0.values) }.compactMap { pod -> Double? in
            guard let end = pod[stage], let begun = before.map({ pod[$0] }) ?? start else { return nil }
            // Watchers see two clusters by two connections: what came first may be seen last.
            return Double(max(0, end - begun)) / 1000
        }.sorted()
    }

    /// When the last pod got there, in seconds since `start`.
    func last(_ stage: Stage, since start: Int) -> Double {
        Double((times.withLock { $0.values.compactMap { $0[stage] }.max() } ?? start) - start) / 1e6
    }
}
