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
    private var lanes: [Direction: Lane] = [.toHub: Lane(), .toEdge: Lane()]
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

    /// The end that sends in a direction.
    private func source(_ direction: Direction) -> SessionEnd { direction == .toHub ? agent : hub }

    /// Puts what both ends have said on its way.
    ///
    /// - Returns: how much waits at either end by now.
    func collect(_ now: Duration, _ line: Line, _ chance: Chance) -> Int {
        var most = 0
        for direction in Direction.allCases {
            let source = source(direction)
            // While there is room more may be said than was.
            while true {
                let pieces = source.takeOutbox()
                for piece in pieces { lanes[direction]?.send(piece, now, line, chance) }
                let waiting = lanes[direction]?.bytes ?? 0
                most = max(most, waiting)
                guard source.follow(unsent: waiting) else { break }
            }
        }
        return most
    }

    /// When the next piece arrives; `nil` where nothing is on the way.
    func nextArrival(_ direction: Direction) -> Duration? { lanes[direction]?.nextArrival }

    func next(_ direction: Direction) -> SessionEnd.Piece? { lanes[direction]?.next() }

    /// Everything that is on the way is lost, and both ends hear of it.
    func cut(_ why: String) {
        lanes = [.toHub: Lane(), .toEdge: Lane()]
        hub.lose(why)
        agent.lose(why)
        _ = hub.takeOutbox()
        _ = agent.takeOutbox()
    }
}
