import ClusterAPI
import JSONTree
import KubernetesModel
import Logging
import Synchronization
import TestKit
import Testing

private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

@Suite("Informers")
struct InformerTests {
    @Test("an informer follows creations, changes and deletions")
    func follows() async throws {
        let cluster = FakeCluster()
        _ = try await cluster.create(.configMaps, KubernetesObject(.configMaps, name: "a", namespace: "x"))
        let informer = Informer(cluster, .configMaps, logger: quiet)
        informer.addIndex("data") { $0.json["data"]?["k"]?.string.map { [$0] } ?? [] }
        let seen = Mutex<[String]>([])
        informer.onChange { change in
            let word = change.old == nil ? "new" : change.new == nil ? "gone" : "changed"
            seen.withLock { $0.append("\(word) \(change.key)") }
        }
        let task = Task { await informer.run() }
        defer { task.cancel() }
        try await informer.waitForSync()
        #expect(informer.objects.count == 1)
        _ = try await cluster.merge(.configMaps, namespace: "x", name: "a", ["data": ["k": "v"]])
        try await eventually("the index has the change") { informer.objects(index: "data", "v").count == 1 }
        try await cluster.delete(.configMaps, namespace: "x", name: "a", DeleteOptions())
        try await eventually("the object is gone") { informer.objects.isEmpty }
        #expect(informer.objects(index: "data", "v").isEmpty)
        #expect(seen.withLock { $0 } == ["new x/a", "changed x/a", "gone x/a"])
    }

    @Test("an informer keeps its copy while the cluster is away and catches up")
    func away() async throws {
        let cluster = FakeCluster()
        cluster.failure = ClusterUnreachable("away")
        let informer = Informer(cluster, .configMaps, logger: quiet, backOff: BackOff(initial: .milliseconds(1)))
        let task = Task { await informer.run() }
        defer { task.cancel() }
        #expect(!informer.isSynced)
        cluster.failure = nil
        _ = try await cluster.create(.configMaps, KubernetesObject(.configMaps, name: "b", namespace: "x"))
        try await eventually("the object is seen") { informer.get(namespace: "x", name: "b") != nil }
    }

    @Test("a server that ends watches as they begin is asked less and less often, and followed when it is well")
    func shortWatches() async throws {
        let cluster = FakeCluster()
        cluster.endsWatches = true
        let backOff = BackOff(initial: .milliseconds(20), maximum: .milliseconds(80))
        let informer = Informer(cluster, .configMaps, logger: quiet, backOff: backOff)
        let task = Task { await informer.run() }
        defer { task.cancel() }
        try await informer.waitForSync()
        try await eventually("some watches have ended") { cluster.watchesBegun >= 5 }
        let begun = ContinuousClock.now
        let before = cluster.watchesBegun
        try await eventually("some more have") { cluster.watchesBegun >= before + 4 }
        #expect(ContinuousClock.now - begun >= .milliseconds(3 * 80))
        cluster.endsWatches = false
        _ = try await cluster.create(.configMaps, KubernetesObject(.configMaps, name: "b", namespace: "x"))
        try await eventually("the object is seen") { informer.get(namespace: "x", name: "b") != nil }
    }

    @Test("waiting for the first list ends when the task is cancelled")
    func cancelled() async {
        let informer = Informer(FakeCluster(), .configMaps, logger: quiet)
        let task = Task { try await informer.waitForSync() }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}

@Suite("Work queues")
struct WorkQueueTests {
    @Test("a key is in the queue once, and handed out again when added while active")
    func once() async {
        let queue = WorkQueue<String>()
        queue.add("a")
        queue.add("a")
        #expect(await queue.next() == "a")
        queue.add("a")
        #expect(queue.count == 0)
        queue.done("a")
        #expect(await queue.next() == "a")
        queue.done("a")
        #expect(queue.count == 0)
    }

    @Test("keys go to those who wait in turn, and a task that is cancelled waits no more")
    func turns() async throws {
        let queue = WorkQueue<Int>()
        let cancelled = Task { await queue.next() }
        cancelled.cancel()
        #expect(await cancelled.value == nil)
        for key in 0..<100 { queue.add(key) }
        #expect(queue.count == 100)
        for key in 0..<100 { #expect(await queue.next() == key) }
        // Each is at work: added again, they wait until that is done.
        for key in 0..<100 { queue.add(key) }
        #expect(queue.count == 0)
        for key in [7, 3] { queue.done(key) }
        #expect(await queue.next() == 7)
        #expect(await queue.next() == 3)
        queue.done(7)
        queue.add(7, after: .milliseconds(1))
        #expect(await queue.next() == 7)
        queue.shutDown()
        #expect(await queue.next() == nil)
    }

    @Test("delayed keys come in the order of their times, of which the earliest counts, unless they are added before")
    func delays() async {
        let queue = WorkQueue<Int>()
        queue.add(1, after: .milliseconds(60))
        queue.add(2, after: .milliseconds(10))
        queue.add(1, after: .seconds(1000))
        queue.add(3, after: .seconds(1000))
        queue.add(3, after: .milliseconds(5))
        queue.add(4, after: .milliseconds(100))
        queue.add(5, after: .milliseconds(1))
        queue.add(5)
        for key in [5, 3, 2, 1, 4] {
            #expect(await queue.next() == key)
            queue.done(key)
        }
        #expect(queue.count == 0)
    }

    @Test("a controller tries again after failures and stops with its task")
    func retries() async throws {
        struct Failure: Error {}
        let tries = Mutex(0)
        let controller = Controller<String>(
            "test", queue: WorkQueue(backOff: BackOff(initial: .milliseconds(1))), logger: quiet
        ) { _ in
            let count = tries.withLock { tries in
                tries += 1
                return tries
            }
            if count < 3 { throw Failure() }
            return .none
        }
        let task = Task { await controller.run() }
        controller.queue.add("a")
        try await eventually("three tries") { tries.withLock { $0 } == 3 }
        task.cancel()
        await task.value
    }

    @Test("back-off doubles up to its maximum")
    func backOff() {
        let backOff = BackOff(initial: .milliseconds(10), maximum: .milliseconds(50))
        #expect((1...5).map(backOff.delay) == [10, 20, 40, 50, 50].map { .milliseconds($0) })
    }
}
