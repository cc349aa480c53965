import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import Synchronization

/// Notes when each virtual node becomes Ready, and which are not, by a watch as kubectl's.
final class NodeWatch: Sendable {
    private let readySince = Mutex<[String: ContinuousClock.Instant]>([:])
    private let informer: Informer
    private let task: Task<Void, Never>

    init(_ api: any ClusterAPI) {
        let informer = Informer(
            api, .nodes, labelSelector: "\(Names.typeLabel)=\(Names.virtualNodeType)", logger: .silent)
        self.informer = informer
        task = Task { await informer.run() }
        informer.onChange { [weak self] in self?.note($0) }
    }

    deinit { task.cancel() }

    private func note(_ change: InformerChange) {
        let isReady = change.new.map { Conditions.isTrue("Ready", in: $0.status["conditions"]) } ?? false
        readySince.withLock { nodes in
            if !isReady {
                nodes[change.key.name] = nil
            } else if nodes[change.key.name] == nil {
                nodes[change.key.name] = .now
            }
        }
    }

    /// Waits until the node is Ready.
    ///
    /// - Returns: since when it is.
    func ready(_ edge: String) async throws -> ContinuousClock.Instant {
        let name = Names.virtualNode(edge)
        try await wait("node \(name) to be Ready", within: .seconds(60)) { $0[name] != nil }
        return readySince.withLock { $0[name] ?? .now }
    }

    /// Waits until so many nodes are Ready, no fewer and no more.
    ///
    /// - Returns: since when each is, by its edge's name.
    @discardableResult
    func ready(count: Int, within limit: Duration) async throws -> [String: ContinuousClock.Instant] {
        try await wait("\(count) Ready nodes", within: limit) { $0.count == count }
        let prefix = Names.virtualNode("").count
        return readySince.withLock { nodes in
            Dictionary(nodes.map { (String($0.key.dropFirst(prefix)), $0.value) }, uniquingKeysWith: { $1 })
        }
    }

    private func wait(
        _ what: String, within limit: Duration, until isSo: ([String: ContinuousClock.Instant]) -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while !readySince.withLock({ isSo($0) }) {
            guard ContinuousClock.now < deadline else {
                let count = readySince.withLock { $0.count }
                throw BenchmarkFailure("waited \(limit) in vain for \(what); \(count) nodes are Ready")
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}
