import Enrolment
import Synchronization

/// The hubs that the agent is peered with.
final class HubDirectory: Sendable {
    private let hubs = Mutex<[String: HubPeering]>([:])

    subscript(clusterID: String) -> HubPeering? { hubs.withLock { $0[clusterID] } }

    /// All hubs, in the order of their ids.
    var all: [HubPeering] { hubs.withLock { $0.values.sorted { $0.clusterID < $1.clusterID } } }

    /// The hub of a record: the one known already, or a new one.
    func hub(_ record: PeeringRecord) -> HubPeering {
        hubs.withLock { hubs in
            if let hub = hubs[record.clusterID], hub.clusterName == record.clusterName,
                hub.isDialled == (record.address != nil)
            {
                return hub
            }
            let hub = HubPeering(record)
            hubs[record.clusterID] = hub
            return hub
        }
    }

    /// A record has changed: its hub, where it is known, is as the record says.
    func follow(_ record: PeeringRecord) { self[record.clusterID]?.follow(record) }

    func remove(_ hub: HubPeering) {
        hubs.withLock { hubs in
            if hubs[hub.clusterID] === hub { hubs[hub.clusterID] = nil }
        }
    }
}
