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
        /// The other side has closed, after everything before.
        case close
    }

    private struct State {
        var session: PeerSession
        var outbox: [Piece] = []
        var events: [PeerSessionEvent] = []
        var end: PeerSessionEnd?
    }

    private let clock: SimulatedClock
    private let state: Mutex<State>

    init(_ configuration: PeerSessionConfiguration, clock: SimulatedClock) {
        self.clock = clock
        state = Mutex(State(session: PeerSession(configuration)))
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

    /// Removes and returns what has happened.
    func takeEvents() -> [PeerSessionEvent] {
        state.withLock { state in
            defer { state.events = [] }
            return state.events
        }
    }

    /// Changes the session and does what comes of it, as the transport's handler does.
    private func change(_ body: (inout PeerSession, Duration) -> [PeerSession.Action]) {
        let now = clock.now
        state.withLock { state in
            guard state.end == nil else { return }
            for action in body(&state.session, now) {
                switch action {
                case .send(let message):
                    state.session.spoke(now)
                    state.outbox.append(.message(message.encoded))
                case .deliver(let event):
                    state.events.append(event)
                case .close(let end):
                    state.end = end
                    state.outbox.append(.close)
                }
            }
            while state.end == nil, let output = state.session.nextOutput(now) {
                if case .message(let message) = output { state.outbox.append(.message(message.encoded)) }
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
        case .message(let bytes):
            change { session, now in
                let heard = session.heard(now)
                do {
                    return heard + session.received(try Message(parsing: bytes), now)
                } catch {
                    return heard + session.violated(.violation("\(error)"))
                }
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
