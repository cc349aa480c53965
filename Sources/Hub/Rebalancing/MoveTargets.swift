import Synchronization

/// Where the new pods of workloads have to go, one of whose pods is being moved: read before every scheduling decision.
final class MoveTargets: Sendable {
    /// Per workload, the nodes that it is kept off, with the reason.
    private let exclusions = Mutex<[String: [String: String]]>([:])

    var isEmpty: Bool { exclusions.withLock { $0.isEmpty } }

    subscript(workload: String) -> [String: String] { exclusions.withLock { $0[workload] ?? [:] } }

    func keep(_ workload: String, off nodes: some Sequence<String>, for target: String) {
        let reasons = nodes.map { ($0, "a pod of its workload is being moved to \(target)") }
        exclusions.withLock { $0[workload] = Dictionary(reasons, uniquingKeysWith: { first, _ in first }) }
    }

    func forget(_ workload: String) { exclusions.withLock { $0[workload] = nil } }
}
