import Synchronization

/// Things that happened on other tasks, waited for with a deadline.
final class Collected<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    var all: [Element] { elements.withLock { $0 } }
    func add(_ element: Element) { elements.withLock { $0.append(element) } }

    /// The elements once there are `count`, or what there is after ten seconds.
    func wait(for count: Int = 1) async -> [Element] {
        await eventually { self.all.count >= count }
        return all
    }
}

/// Waits for a condition.
///
/// - Returns: whether it came true within the time.
@discardableResult
func eventually(within time: Duration = .seconds(30), _ condition: () async -> Bool) async -> Bool {
    let end = ContinuousClock.now + time
    while ContinuousClock.now < end {
        if await condition() { return true }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return await condition()
}

/// Runs `body` beside a task that is cancelled afterwards.
func beside<Result: Sendable>(
    _ background: @escaping @Sendable () async -> Void, _ body: () async throws -> Result
) async throws -> Result {
    let task = Task { await background() }
    defer { task.cancel() }
    return try await body()
}
