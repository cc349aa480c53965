import PeerTransport
import Sessions
import Wire

/// What the hub says to an edge over one connection. Calls return at once and take effect in order.
protocol EdgeChannel: AnyObject, Sendable {
    func publish(_ set: DesiredSet)
    func update(desired upserts: [DesiredItem], removals: [ItemKey])
    func close(_ reason: GoodbyeMessage.Reason, message: String, epoch: Int?) async
}

extension PeerConnection: EdgeChannel {}
