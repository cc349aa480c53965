import JSONTree
import PeerTransport
import Sessions
import Synchronization
import Wire

@testable import Agent
@testable import Hub

/// One end of a simulated connection: a real session, and what it has said that is not on the way yet.
final class SessionEnd: EdgeChannel, HubLink {
    enum Piece: Sendable {
        /// As text, as on a wire.
        case message([UInt8])
        /// Of a stream.
        case data(UInt32, [UInt8])
        /// The first bytes of something whose last ones are still on the way.
        case part
        /// The other side has closed, after everything before.
        case close

        var bytes: Int {
            switch self {
            case .message(let bytes), .data(_, let bytes): bytes.count
            case .part, .close: 0
            }
        }
    }

    /// How much a socket takes before its writer has to wait: the system's buffer, and the transport's own.
    static let room = 128 << 10

    struct State {
        var session: PeerSession
        var streams: StreamTable
        var outbox: [Piece] = []
        /// Bytes that were said and have not arrived.
        var unsent = 0
        var events: [PeerSessionEvent] = []
        var end: PeerSessionEnd?

        mutating func say(_ piece: Piece) {
            outbox.append(piece)
            unsent += piece.bytes
        }
    }

    private let clock: SimulatedClock
    private let state: Mutex<State>

    /// - Parameter visits: those of the run.
    init(_ configuration: PeerSessionConfiguration, clock: SimulatedClock, visits: VisitBook) {
        self.clock = clock
        let streams = StreamTable(
            visits, isAtHub: configuration.local.role == .hub, limits: configuration.limits)
        state = Mutex(State(session: PeerSession(configuration), streams: streams))
    }

    /// Why the session is over; `nil` while it is not.
    var end: PeerSessionEnd? { state.withLock { $0.end } }
    var agreement: PeerEstablished? { state.withLock { $0.session.agreement } }
    var isSettled: Bool { state.withLock { $0.session.isSettled } }
    /// When ``tick()`` has something to do.
    var deadline: Duration? {
        state.withLock { state in
            [state.session.deadline, state.session.outputDeadline].compactMap(\.self).min()
        }
    }

    /// Removes and returns what is to be sent.
    func takeOutbox() -> [Piece] {
        state.withLock { state in
            defer { state.outbox = [] }
            return state.outbox
        }
    }

    /// Notes how much of what was said has not arrived, and says more where there is room.
    ///
    /// - Returns: whether anything was said.
    func follow(unsent: Int) -> Bool {
        let isFree = state.withLock { state in
            defer { state.unsent = unsent }
            return state.unsent >= Self.room && unsent < Self.room
        }
        guard isFree else { return false }
        change { _, _ in [] }
        return state.withLock { !$0.outbox.isEmpty }
    }

    /// Removes and returns what has happened.
    func takeEvents() -> [PeerSessionEvent] {
        state.withLock { state in
            defer { state.events = [] }
            return state.events
        }
    }

    private func change(_ body: (inout PeerSession, Duration) -> [PeerSession.Action]) {
        perform { body(&$0.session, $1) }
    }

    /// Changes the session and does what comes of it, as the transport's handler does.
    private func perform(_ body: (inout State, Duration) -> [PeerSession.Action]) {
        let now = clock.now
        state.withLock { state in
            guard state.end == nil else { return }
            for action in body(&state, now) {
                switch action {
                case .send(let message):
                    state.session.spoke(now)
                    state.say(.message(message.encoded))
                case .deliver(.stream(let event)):
                    state.streams.take(event, now)
                case .deliver(let event):
                    state.events.append(event)
                case .close(let end):
                    state.end = end
                    state.streams.close(end)
                    state.say(.close)
                }
            }
            while state.end == nil, state.unsent < Self.room, let output = state.session.nextOutput(now) {
                switch output {
                case .message(let message):
                    state.say(.message(message.encoded))
                case .data(let id, let bytes):
                    state.say(.data(id, Array(bytes)))
                    state.streams.sent(id, bytes.count)
                }
                state.session.spoke(now)
            }
        }
    }

    func start() { change { $0.start($1) } }
    func tick() { change { $0.tick($1) } }
    func lose(_ why: String) { change { session, _ in session.lost(PeerSessionEnd(.lost, why)) } }
    func refuse(_ error: ErrorMessage) { change { session, _ in session.refuse(error) } }
    func consumed(_ set: ItemSetName, _ sequence: Int) {
        change { session, _ in session.consumed(set, sequence: sequence) }
    }

    func receive(_ piece: Piece) {
        switch piece {
        case .close:
            lose("the peer has closed the connection")
        case .part:
            change { $0.heard($1) }
        case .message(let bytes):
            change { session, now in
                let heard = session.heard(now)
                do {
                    return heard + session.received(try Message(parsing: bytes), now)
                } catch {
                    return heard + session.violated(.violation("\(error)"))
                }
            }
        case .data(let id, let bytes):
            change { session, now in session.heard(now) + session.received(stream: id, bytes[...]) }
        }
    }

    // MARK: - Streams

    /// The streams that the session knows, and those that somebody here uses.
    var streamCounts: (session: Int, users: Int) {
        state.withLock { ($0.session.streamCount, $0.streams.count) }
    }

    /// What the streams' users may do now.
    var duties: [StreamDuty] { state.withLock { $0.streams.duties(clock.now) } }

    func perform(_ duty: StreamDuty, _ chance: Chance) {
        perform { state, now in state.streams.perform(duty, &state.session, now, chance) }
    }

    /// Begins a visit at the peer.
    func visit(_ number: Int, _ visit: Visit) {
        perform { state, _ in
            do throws(StreamError) {
                let (id, actions) = try state.session.openStream(
                    kind: visit.kind, parameters: ["visit": JSON(number)], leaving: 2)
                state.streams.open(id, number, visit)
                return actions
            } catch {
                state.streams.refused(number, error)
                return []
            }
        }
    }

    // MARK: - As PeerConnection

    func hold(_ digest: [ItemKey: String]) { change { session, _ in session.hold(digest) } }

    func publish(_ set: DesiredSet) {
        change { session, _ in
            session.publish(set)
            return []
        }
    }

    func publish(_ set: ObservedSet) {
        change { session, _ in
            session.publish(set)
            return []
        }
    }

    func update(desired upserts: [DesiredItem], removals: [ItemKey]) {
        change { session, _ in
            session.update(desired: upserts, removals: removals)
            return []
        }
    }

    func update(observed upserts: [ObservedItem], removals: [ItemKey]) {
        change { session, _ in
            session.update(observed: upserts, removals: removals)
            return []
        }
    }

    func advertise(_ message: AdvertiseMessage) {
        change { session, _ in session.agreement == nil ? [] : [.send(.advertise(message))] }
    }

    func close(_ reason: GoodbyeMessage.Reason, message: String, epoch: Int?) async {
        change { session, _ in session.goodbye(reason, message: message, epoch: epoch) }
    }
}
