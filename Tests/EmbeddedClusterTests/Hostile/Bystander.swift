import HTTPTransport
import Synchronization
import Testing

@testable import EmbeddedCluster

/// A well-behaved client that is served all the while that others misbehave, and the memory that the server takes; for one
/// `watch`.
final class Bystander: Sendable {
    private let client: HTTPClient
    private let longest = Mutex(Duration.zero)
    private let served = Atomic(0)
    private let isOver = Atomic(false)

    init(_ client: HTTPClient) { self.client = client }

    /// Runs what misbehaves, and checks the others' lot.
    ///
    /// - Parameters:
    ///   - patience: how long one of its requests may take.
    ///   - megabytes: how much more memory the server may hold at any time than before.
    func watch(
        _ server: ServerProcess, patience: Duration = .seconds(3), megabytes: Int,
        while misbehave: @Sendable () async throws -> Void
    ) async throws {
        let before = try server.residentBytes()
        let id = server.id
        try await withThrowingTaskGroup(of: Int.self) { group in
            group.addTask {
                while !self.isOver.load(ordering: .acquiring) {
                    let start = ContinuousClock.now
                    let status = try await self.client.get("/api/v1/namespaces/default").0
                    let time = ContinuousClock.now - start
                    #expect(status == 200)
                    self.longest.withLock { $0 = max($0, time) }
                    self.served.add(1, ordering: .relaxed)
                    try await Task.sleep(for: .milliseconds(10))
                }
                return 0
            }
            group.addTask {
                var highest = before
                while !self.isOver.load(ordering: .acquiring) {
                    highest = max(highest, try ServerProcess.residentBytes(of: id))
                    try await Task.sleep(for: .milliseconds(10))
                }
                return highest
            }
            do {
                try await misbehave()
            } catch {
                isOver.store(true, ordering: .releasing)
                throw error
            }
            isOver.store(true, ordering: .releasing)
            let highest = try await group.reduce(0, max)
            let more = (highest - before) >> 20
            let (longest, served) = (longest.withLock { $0 }, served.load(ordering: .relaxed))
            print("  before \(before >> 20) MB, at most \(more) MB more; \(served) others served, within \(longest)")
            #expect(more <= megabytes)
            #expect(longest < patience)
            #expect(served > 0)
        }
    }
}
