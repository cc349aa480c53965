import Sessions
import Synchronization
import Wire

@testable import Agent

/// A connection that keeps what a hub would have been told.
final class RecordingLink: HubLink {
    private struct State {
        var observed: [ItemKey: ObservedContent] = [:]
        var isPublished = false
        var closed: GoodbyeMessage.Reason?
    }

    private let state = Mutex(State())

    var isPublished: Bool { state.withLock { $0.isPublished } }
    var closed: GoodbyeMessage.Reason? { state.withLock { $0.closed } }
    func namespace(_ name: String) -> ObservedNamespace? {
        state.withLock { $0.observed[.namespace(name)]?.namespace }
    }
    func pod(_ name: String) -> ObservedPod? { state.withLock { $0.observed[.pod("demo", name)]?.pod } }
    func has(_ key: ItemKey) -> Bool { state.withLock { $0.observed[key] != nil } }

    func hold(_ digest: [ItemKey: String]) {}
    func publish(_ set: ObservedSet) {
        state.withLock {
            $0.observed = set.items.mapValues(\.content)
            $0.isPublished = true
        }
    }
    func update(observed upserts: [ObservedItem], removals: [ItemKey]) {
        state.withLock { state in
            for item in upserts { state.observed[item.key] = item.content }
            for key in removals { state.observed[key] = nil }
        }
    }
    func advertise(_ message: AdvertiseMessage) {}
    func close(_ reason: GoodbyeMessage.Reason, message: String, epoch: Int?) async {
        state.withLock { $0.closed = reason }
    }
}
