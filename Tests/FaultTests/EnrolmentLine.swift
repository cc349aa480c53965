import Enrolment
import PeerTransport
import Sessions
import Synchronization
import Wire

@testable import Agent

/// Counts the messages of a run, of all exchanges, and says at which one a connection is cut.
final class MessageCount: Sendable {
    private let state = Mutex((count: 0, cutAt: Set<Int>()))

    var count: Int { state.withLock { $0.count } }

    func cut(at messages: Set<Int>) { state.withLock { $0.cutAt = messages } }

    /// One more message is about to arrive.
    ///
    /// - Returns: whether its connection is cut instead.
    func isCut() -> Bool {
        state.withLock { state in
            state.count += 1
            return state.cutAt.contains(state.count)
        }
    }
}

/// Carries enrolments: one question and one answer, each of which may be lost.
final class EnrolmentLine: Sendable {
    private struct State {
        var acceptors: [PeerAddress: (acceptor: any PeerAcceptor, life: Life)] = [:]
        var blocked: Set<PeerAddress> = []
        var callers = 0
    }

    private let state = Mutex(State())
    private let messages: MessageCount

    init(_ messages: MessageCount) { self.messages = messages }

    func answer(_ address: PeerAddress, by acceptor: any PeerAcceptor, _ life: Life) {
        state.withLock { $0.acceptors[address] = (acceptor, life) }
    }

    func block(_ address: PeerAddress, _ isBlocked: Bool) {
        state.withLock { state in
            if isBlocked { state.blocked.insert(address) } else { state.blocked.remove(address) }
        }
    }

    /// - Parameter source: of the edge that asks; `nil` for the hub.
    func ask(_ address: PeerAddress, _ request: EnrollMessage, from source: PeerAddress? = nil) async throws
        -> EnrolledMessage
    {
        func lost(_ why: String, attempts: [String] = []) -> PeerDialError {
            PeerDialError(
                address: address, attempts: attempts, elapsed: .zero, end: PeerSessionEnd(.lost, why))
        }
        let (known, caller) = state.withLock { state in
            state.callers += 1
            let isBlocked = state.blocked.contains(source ?? address)
            return (isBlocked ? nil : state.acceptors[address], state.callers)
        }
        guard let known, !known.life.isOver else { throw lost("nobody answers", attempts: ["no answer"]) }
        var dial = EnrolmentDialSession(request)
        var listen = EnrolmentListenSession()
        guard case .send(let question) = dial.start(), !messages.isCut() else { throw lost("cut") }
        guard case .decide(let heard) = listen.received(try Message(parsing: question.encoded)) else {
            throw lost("the listener does not listen")
        }
        // An address each: a run may have more refusals than a minute allows one address.
        let from = PeerCaller(clusterID: "", identity: nil, address: "192.0.2.\(caller)")
        let decision: Message =
            switch await known.acceptor.enrol(heard, from: from) {
            case .enrolled(let answer): .enrolled(answer)
            case .refused(let error): .error(error)
            }
        guard case .answer(let answer) = listen.decided(decision), !known.life.isOver, !messages.isCut() else {
            throw lost("cut")
        }
        switch dial.received(try Message(parsing: answer.encoded)) {
        case .complete(let enrolled): return enrolled
        case .fail(let end): throw PeerDialError(address: address, elapsed: .zero, end: end)
        case .send, .none: throw lost("the dialler does not listen")
        }
    }
}
