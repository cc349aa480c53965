import PeerTransport
import Sessions
import Synchronization
import Wire

/// A connection of a hub, with what the edge has said on it.
final class Conversation: Sendable {
    private struct State {
        var observed = ReplicaSet<ObservedItem>()
        var advertised: AdvertiseMessage?
        var renewed: RenewedMessage?
        var end: PeerSessionEnd?
    }

    let connection: PeerConnection
    private let state = Mutex(State())

    init(_ connection: PeerConnection, wanting items: [ItemKey: DesiredContent]) {
        self.connection = connection
        connection.hold([:])
        connection.publish(DesiredSet(items.map { DesiredItem(key: $0.key, content: $0.value) }))
        Task { [self] in
            for await event in connection.events {
                state.withLock { state in
                    switch event {
                    case .observed(let changes): state.observed.apply(changes)
                    case .received(.advertise(let message)): state.advertised = message
                    case .received(.renewed(let message)): state.renewed = message
                    case .lost(let end): state.end = end
                    case .desired, .received, .streamRequested, .suspected, .recovered: break
                    }
                }
            }
        }
    }

    var isComplete: Bool { state.withLock { $0.observed.isComplete } }
    var advertised: AdvertiseMessage? { state.withLock { $0.advertised } }
    var renewed: RenewedMessage? { state.withLock { $0.renewed } }
    var end: PeerSessionEnd? { state.withLock { $0.end } }
    func namespace(_ name: String) -> ObservedNamespace? {
        state.withLock { $0.observed.items[.namespace(name)]?.content.namespace }
    }
    func pod(_ name: String) -> ObservedPod? {
        state.withLock { $0.observed.items[.pod("demo", name)]?.content.pod }
    }
}
