import Synchronization

/// Values gathered by event loops, which a test can wait for.
final class Collected<Element: Sendable>: Sendable {
    private struct Waiter {
        let count: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var elements: [Element] = []
        var waiters: [Waiter] = []
    }

    private let state = Mutex(State())

    var all: [Element] { state.withLock { $0.elements } }

    func add(_ element: Element) { add(contentsOf: CollectionOfOne(element)) }

    func add(contentsOf elements: some Sequence<Element>) {
        let ready = state.withLock { state in
            state.elements.append(contentsOf: elements)
            let ready = state.waiters.filter { $0.count <= state.elements.count }
            state.waiters.removeAll { $0.count <= state.elements.count }
            return ready
        }
        for waiter in ready { waiter.continuation.resume() }
    }

    /// Waits until there are `count` elements and returns all. The suite's time limit is the deadline.
    func wait(for count: Int = 1) async -> [Element] {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                guard state.elements.count < count else { return true }
                state.waiters.append(Waiter(count: count, continuation: continuation))
                return false
            }
            if isReady { continuation.resume() }
        }
        return all
    }
}
