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

    /// A hub's record has changed: whether the peering ends is what the record says, in whatever order others hear of it.
    func follow(_ record: PeeringRecord) {
        hubs.withLock { $0[record.clusterID]?.isEnding = record.isEnding }
    }

    func remove(_ hub: HubPeering) {
        hubs.withLock { hubs in
            if hubs[hub.clusterID] === hub { hubs[hub.clusterID] = nil }
        }
    }
}
