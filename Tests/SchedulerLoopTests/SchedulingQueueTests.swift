import KubernetesModel
import Testing

@testable import SchedulerLoop

@Suite struct SchedulingQueueTests {
    private let configuration = SchedulerConfiguration(
        firstBackOff: .seconds(1), longestBackOff: .seconds(10), longestWait: .seconds(60))

    private func key(_ name: String) -> ObjectKey { ObjectKey(namespace: "d", name: name) }

    private func drain(_ queue: inout SchedulingQueue, at seconds: Int) -> [String] {
        var names: [String] = []
        while let key = queue.next(now: .seconds(seconds)) { names.append(key.name) }
        return names
    }

    @Test("higher priority goes first, then who came first")
    func order() {
        var queue = SchedulingQueue(configuration)
        for (name, priority) in [("a", 0), ("b", 5), ("c", 0), ("d", 5)] { queue.add(key(name), priority: priority) }
        queue.add(key("a"), priority: 0)
        queue.remove(key("c"))
        #expect(drain(&queue, at: 0) == ["b", "d", "a"])
    }

    @Test("a parked pod waits for a change that may help, and for its back-off")
    func parked() {
        var queue = SchedulingQueue(configuration)
        queue.add(key("a"), priority: 0)
        _ = drain(&queue, at: 0)
        queue.park(key("a"), plugins: ["NodeResourcesFit"], now: .zero)
        #expect(drain(&queue, at: 5) == [])
        queue.note(.podPlaced, now: .seconds(5))
        #expect(drain(&queue, at: 5) == [])
        queue.note(.podRemoved, now: .seconds(5))
        #expect(drain(&queue, at: 5) == ["a"])
        queue.park(key("a"), plugins: ["NodeResourcesFit"], now: .seconds(5))
        queue.note(.nodeChanged, now: .seconds(6))
        #expect(queue.nextDue == .seconds(7))
        #expect(drain(&queue, at: 6) == [])
        #expect(drain(&queue, at: 7) == ["a"])
    }

    @Test("back-off doubles up to its bound")
    func backOff() {
        var queue = SchedulingQueue(configuration)
        queue.add(key("a"), priority: 0)
        var now = 0
        var waits: [Int] = []
        for _ in 0..<6 {
            _ = queue.next(now: .seconds(now))
            queue.retry(key("a"), now: .seconds(now))
            let due = Int(queue.nextDue?.components.seconds ?? 0)
            waits.append(due - now)
            now = due
        }
        #expect(waits == [1, 2, 4, 8, 10, 10])
    }

    @Test("a parked pod is tried again after the longest wait, or after its back-off where time helps")
    func longestWait() {
        var queue = SchedulingQueue(configuration)
        for name in ["a", "b"] { queue.add(key(name), priority: 0) }
        _ = drain(&queue, at: 0)
        queue.park(key("a"), plugins: [], now: .zero)
        queue.park(key("b"), plugins: [], helpedByTime: true, now: .zero)
        #expect(drain(&queue, at: 1) == ["b"])
        #expect(drain(&queue, at: 59) == [])
        #expect(drain(&queue, at: 60) == ["a"])
    }

    @Test("a pod that changed itself is tried again; one that went is not")
    func reconsider() {
        var queue = SchedulingQueue(configuration)
        for name in ["a", "b"] { queue.add(key(name), priority: 0) }
        _ = drain(&queue, at: 0)
        for name in ["a", "b"] { queue.park(key(name), plugins: ["NodeAffinity"], now: .zero) }
        queue.remove(key("b"))
        for name in ["a", "b"] { queue.reconsider(key(name), now: .seconds(2)) }
        #expect(drain(&queue, at: 2) == ["a"])
        #expect(queue.count == 1)
    }
}
