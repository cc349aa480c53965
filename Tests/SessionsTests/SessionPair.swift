import Sessions
import Wire

/// Two sessions and what is on the way between them, driven by a test. Messages go through their text, as on a wire.
struct SessionPair {
    enum Piece {
        case message([UInt8])
        case data(UInt32, [UInt8])
    }

    struct End {
        var session: PeerSession
        var outbox: [Piece] = []
        var events: [PeerSessionEvent] = []
        var end: PeerSessionEnd?

        mutating func perform(_ actions: [PeerSession.Action]) {
            for action in actions {
                switch action {
                case .send(let message): outbox.append(.message(message.encoded))
                case .deliver(let event): events.append(event)
                case .close(let end): self.end = end
                }
            }
        }

        /// Puts bulk output on the way.
        mutating func pump(_ now: Duration, _ limit: Int = .max) {
            var count = 0
            while count < limit, let output = session.nextOutput(now) {
                count += 1
                switch output {
                case .message(let message): outbox.append(.message(message.encoded))
                case .data(let id, let bytes): outbox.append(.data(id, Array(bytes)))
                }
            }
        }

        mutating func receive(_ piece: Piece, _ now: Duration) {
            perform(session.heard(now))
            switch piece {
            case .message(let bytes):
                do {
                    perform(session.received(try Message(parsing: bytes), now))
                } catch {
                    perform(session.violated(.violation("\(error)")))
                }
            case .data(let id, let bytes): perform(session.received(stream: id, bytes[...]))
            }
        }

        /// Removes and returns the events so far.
        mutating func takeEvents() -> [PeerSessionEvent] {
            defer { events = [] }
            return events
        }
    }

    var hub: End
    var agent: End
    var now = Duration.zero

    static func hello(
        _ role: PeerRole, id: String? = nil, epoch: Int = 1, versions: ClosedRange<Int> = 1...1
    ) -> HelloMessage {
        let name = role == .hub ? "cloud" : "rome"
        return HelloMessage(
            versions: versions, softwareVersion: "t", clusterID: id ?? name, clusterName: name, role: role, epoch: epoch
        )
    }

    init(
        hub: HelloMessage = hello(.hub), agent: HelloMessage = hello(.agent), limits: SessionLimits = SessionLimits()
    ) {
        self.hub = End(
            session: PeerSession(.init(local: hub, peerClusterID: agent.clusterID, limits: limits)))
        self.agent = End(
            session: PeerSession(.init(local: agent, peerClusterID: hub.clusterID, limits: limits)))
    }

    mutating func start() {
        hub.perform(hub.session.start(now))
        agent.perform(agent.session.start(now))
        settle()
    }

    /// Exchanges all there is.
    mutating func settle() {
        repeat {
            // What gathers is waited for.
            now = max(now, hub.session.outputDeadline ?? now, agent.session.outputDeadline ?? now)
            hub.pump(now)
            agent.pump(now)
            let (fromHub, fromAgent) = (hub.outbox, agent.outbox)
            (hub.outbox, agent.outbox) = ([], [])
            for piece in fromHub { agent.receive(piece, now) }
            for piece in fromAgent { hub.receive(piece, now) }
        } while !hub.outbox.isEmpty || !agent.outbox.isEmpty
    }

    static func established() -> SessionPair {
        var pair = SessionPair()
        pair.start()
        _ = pair.hub.takeEvents()
        _ = pair.agent.takeEvents()
        return pair
    }
}
