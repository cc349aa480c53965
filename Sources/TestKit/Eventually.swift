/// Why a condition that a test waited for did not come true in time.
public struct NotInTime: Error, CustomStringConvertible {
    public let description: String
}

/// Waits until `condition` returns a value, looking again every few milliseconds, at most `deadline` long.
///
/// - Parameter what: what is waited for, for the message.
/// - Throws: `NotInTime`, or what `condition` throws.
@discardableResult
public func eventually<T: Sendable>(
    _ what: String, within deadline: Duration = .seconds(30), isolation: isolated (any Actor)? = #isolation,
    _ condition: () async throws -> T?
) async throws -> T {
    let end = ContinuousClock.now + deadline
    while true {
        if let value = try await condition() { return value }
        guard ContinuousClock.now < end else { throw NotInTime(description: "not within \(deadline): \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Waits until `condition` is true.
public func eventually(
    _ what: String, within deadline: Duration = .seconds(30), isolation: isolated (any Actor)? = #isolation,
    until condition: () async throws -> Bool
) async throws {
    try await eventually(what, within: deadline) { try await condition() ? true : nil as Bool? }
}
