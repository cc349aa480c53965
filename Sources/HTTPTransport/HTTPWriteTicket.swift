import Synchronization

/// Names one suspended write, so that its cancellation finds it, also when the cancellation comes first.
final class HTTPWriteTicket: Sendable {
    private let abandoned = Atomic(false)

    var isAbandoned: Bool {
        abandoned.load(ordering: .acquiring)
    }

    func abandon() {
        abandoned.store(true, ordering: .releasing)
    }
}
