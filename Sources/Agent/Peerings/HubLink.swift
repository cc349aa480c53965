import PeerTransport
import Sessions
import Wire

/// What the agent says to a hub over one connection. Calls return at once and take effect in order.
protocol HubLink: AnyObject, Sendable {
    func hold(_ digest: [ItemKey: String])
    func publish(_ set: ObservedSet)
    func update(observed upserts: [ObservedItem], removals: [ItemKey])
    func advertise(_ message: AdvertiseMessage)
    func close(_ reason: GoodbyeMessage.Reason, message: String, epoch: Int?) async
}

extension PeerConnection: HubLink {}
