import Enrolment
import Sessions
import TLSTransport
import Wire

@testable import Agent
@testable import Hub

/// A simulated connection between the hub and one edge: two sessions, and what is on the way between them, in order.
final class Connection {
    enum Direction: CaseIterable {
        case toHub
        case toEdge
    }

    let edge: String
    let purpose: DialPurpose
    /// Whether the edge has dialled.
    let isJoined: Bool
    /// What the side that has dialled has shown.
    let identity: PeerIdentity
    let hub: SessionEnd
    let agent: SessionEnd
    private var onWay: [Direction: [(at: Duration, piece: SessionEnd.Piece)]] = [:]
    /// What the hub makes of it, once it is established.
    var talk: EdgeConversation?
    /// At the edge: whose it is, and what the edge's copy held, until that is said.
    var peering: HubPeering?
    var undigested: [ItemKey: String]?
    /// Whether the end of the connection has been dealt with at each end.
    var isOverAtHub = false
    var isOverAtEdge = false

    init(
        edge: String, purpose: DialPurpose, isJoined: Bool = false, identity: PeerIdentity, hub: SessionEnd,
        agent: SessionEnd
    ) {
        self.edge = edge
        self.purpose = purpose
        self.isJoined = isJoined
        self.identity = identity
        self.hub = hub
        self.agent = agent
    }

    var isOver: Bool { isOverAtHub && isOverAtEdge }

    func end(_ direction: Direction) -> SessionEnd { direction == .toHub ? hub : agent }

    /// Puts what both ends have said on its way.
    ///
    /// - Parameter arrival: when something that is said now arrives; nothing overtakes what was said before.
    func collect(arrival: (Direction) -> Duration) {
        for direction in Direction.allCases {
            let source = direction == .toHub ? agent : hub
            for piece in source.takeOutbox() {
                let at = max(arrival(direction), onWay[direction]?.last?.at ?? .zero)
                onWay[direction, default: []].append((at, piece))
            }
        }
    }

    /// When the next piece arrives; `nil` where nothing is on the way.
    func nextArrival(_ direction: Direction) -> Duration? { onWay[direction]?.first?.at }

    func next(_ direction: Direction) -> SessionEnd.Piece? {
        guard let pieces = onWay[direction], !pieces.isEmpty else { return nil }
        return onWay[direction]?.removeFirst().piece
    }

    /// Everything that is on the way is lost, and both ends hear of it.
    func cut(_ why: String) {
        onWay = [:]
        hub.lose(why)
        agent.lose(why)
        _ = hub.takeOutbox()
        _ = agent.takeOutbox()
    }
}
