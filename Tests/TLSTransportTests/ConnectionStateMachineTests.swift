import Testing

@testable import TLSTransport

@Suite struct ConnectionStateMachineTests {
    typealias State = ConnectionStateMachine.State

    /// A machine in each state, reached by events only.
    static func machine(in state: State) -> ConnectionStateMachine {
        var machine = ConnectionStateMachine()
        guard state != .idle else { return machine }
        _ = machine.start()
        switch state {
        case .idle, .handshaking:
            break
        case .active(let input, let output):
            _ = machine.handshakeCompleted()
            if !output { _ = machine.closeOutputRequested() }
            if !input { _ = machine.peerEnded(halfClosureAllowed: true) }
        case .closing:
            _ = machine.handshakeCompleted()
            _ = machine.closeRequested()
        case .draining:
            _ = machine.failed()
        case .closed:
            _ = machine.closeRequested()
        }
        return machine
    }

    static let states: [State] = [
        .idle, .handshaking, .active(input: true, output: true), .active(input: true, output: false),
        .active(input: false, output: true), .closing, .draining, .closed,
    ]

    @Test("every state is reached", arguments: states)
    func reached(state: State) {
        #expect(Self.machine(in: state).state == state)
    }

    @Test(
        "close asked",
        arguments: zip(
            states,
            [
                (.closed, .closeAtOnce), (.closed, .closeAtOnce), (.closing, .sendNoticeAndWait), (.closing, .waitToo),
                (.closing, .sendNoticeAndClose), (.closing, .waitToo), (.draining, .waitToo), (.closed, .closeAtOnce),
            ] as [(State, ConnectionStateMachine.CloseAction)]))
    func close(state: State, expected: (State, ConnectionStateMachine.CloseAction)) {
        var machine = Self.machine(in: state)
        #expect(machine.closeRequested() == expected.1)
        #expect(machine.state == expected.0)
    }

    @Test(
        "output close asked",
        arguments: zip(
            states,
            [
                (.idle, .refuse), (.handshaking, .refuse), (.active(input: true, output: false), .sendNotice),
                (.active(input: true, output: false), .refuse), (.closing, .sendNoticeAndClose), (.closing, .refuse),
                (.draining, .refuse), (.closed, .refuse),
            ] as [(State, ConnectionStateMachine.CloseOutputAction)]))
    func closeOutput(state: State, expected: (State, ConnectionStateMachine.CloseOutputAction)) {
        var machine = Self.machine(in: state)
        #expect(machine.closeOutputRequested() == expected.1)
        #expect(machine.state == expected.0)
    }

    @Test(
        "peer ended, half closure not allowed",
        arguments: zip(
            states,
            [
                (.idle, .none), (.handshaking, .none), (.closing, .replyAndClose), (.closed, .close),
                (.active(input: false, output: true), .none), (.closed, .close), (.draining, .none), (.closed, .none),
            ] as [(State, ConnectionStateMachine.EndAction)]))
    func ended(state: State, expected: (State, ConnectionStateMachine.EndAction)) {
        var machine = Self.machine(in: state)
        #expect(machine.peerEnded(halfClosureAllowed: false) == expected.1)
        #expect(machine.state == expected.0)
    }

    @Test(
        "transport ended",
        arguments: zip(
            states,
            [.none, .reportAbortedHandshake, .reportTruncation, .reportTruncation, .none, .none, .none, .none]
                as [ConnectionStateMachine.TransportEndAction]))
    func transportEnded(state: State, expected: ConnectionStateMachine.TransportEndAction) {
        var machine = Self.machine(in: state)
        #expect(machine.transportEnded() == expected)
        #expect(machine.state == .closed)
    }

    @Test(
        "failure is reported while somebody listens",
        arguments: zip(states, [false, true, true, true, true, false, false, false]))
    func failed(state: State, reported: Bool) {
        var machine = Self.machine(in: state)
        #expect(machine.failed() == reported)
    }

    @Test("deadlines count in their own states only", arguments: states)
    func deadlines(state: State) {
        var machine = Self.machine(in: state)
        #expect(machine.handshakeDeadlineExpired() == (state == .handshaking))
        machine = Self.machine(in: state)
        #expect(machine.shutdownDeadlineExpired() == (state == .closing || state == .draining))
        machine = Self.machine(in: state)
        #expect(machine.lastNoticeSent() == (state == .closing))
    }

    @Test("the handshake starts and ends once", arguments: states)
    func once(state: State) {
        var machine = Self.machine(in: state)
        #expect(machine.start() == (state == .idle))
        machine = Self.machine(in: state)
        #expect(machine.handshakeCompleted() == (state == .handshaking))
    }
}
