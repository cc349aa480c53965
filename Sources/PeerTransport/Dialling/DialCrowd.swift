import Synchronization

/// Those diallers of one program that try in vain at the moment. The fewer they are, the sooner each may try again.
public final class DialCrowd: Sendable {
    private let waiting = Atomic(0)

    public init() {}

    /// How many there are.
    public var count: Int { waiting.load(ordering: .relaxed) }

    func enter() { waiting.add(1, ordering: .relaxed) }
    func leave() { waiting.subtract(1, ordering: .relaxed) }
}
