import Synchronization

/// A value that several tasks change.
final class Shared<Value: Sendable>: Sendable {
    private let held: Mutex<Value>
    init(_ value: Value) { held = Mutex(value) }
    var value: Value { held.withLock { $0 } }
    @discardableResult
    func withLock<Result: Sendable>(_ body: @Sendable (inout Value) throws -> Result) rethrows -> Result {
        try held.withLock { try body(&$0) }
    }
    func change(_ body: @Sendable (inout Value) -> Void) { held.withLock { body(&$0) } }
}
