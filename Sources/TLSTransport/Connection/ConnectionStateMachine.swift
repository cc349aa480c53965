/// The life of one TLS connection, without its cryptography, bytes and timers.
///
/// | state | event | next | action |
/// |---|---|---|---|
/// | idle | start | handshaking | handshake |
/// | handshaking | handshake completed | active | announce |
/// | handshaking, active | failure | draining | refuse |
/// | handshaking | handshake deadline | draining | refuse with `timeout` |
/// | handshaking | close asked | closed | close at once |
/// | active | close asked | closing | send notice, then wait for the peer's, or close if the peer has ended |
/// | active | output close asked | active without output, or closing if the peer has ended | send notice |
/// | active | peer ended, we have ended | closed | close |
/// | active | peer ended, half closure allowed | active without input | report |
/// | active | peer ended, otherwise | closing | reply, then close |
/// | closing | peer ended, last notice sent, shutdown deadline | closed | close |
/// | draining | shutdown deadline | closed | close |
/// | handshaking, active with input | transport ended | closed | report |
/// | any other | transport ended | closed | nothing to report |
///
/// Draining is the time after a fatal alert: our output is closed and the peer's last bytes are thrown away, because a
/// socket that is closed with unread bytes resets the connection, and the reset may overtake the alert.
struct ConnectionStateMachine {
    enum State: Hashable {
        case idle
        case handshaking
        case active(input: Bool, output: Bool)
        case closing
        case draining
        case closed
    }

    private(set) var state = State.idle

    /// Whether bytes of the peer are for the layers above.
    var deliversInput: Bool {
        switch state {
        case .active(let input, _): input
        case .idle, .handshaking, .closing, .draining, .closed: false
        }
    }

    /// Whether bytes of the peer are decrypted, if only to find its end.
    var readsInput: Bool {
        switch state {
        case .active(let input, _): input
        case .closing: true
        case .idle, .handshaking, .draining, .closed: false
        }
    }

    /// Whether bytes of the peer are kept for OpenSSL at all; otherwise they are thrown away.
    var acceptsInput: Bool { readsInput || state == .handshaking }

    /// Whether writes are encrypted and sent; before it they wait, after it they fail.
    var sendsOutput: Bool {
        switch state {
        case .active(_, let output): output
        case .idle, .handshaking, .closing, .draining, .closed: false
        }
    }

    /// Whether a write may still be sent now or later.
    var acceptsWrites: Bool {
        switch state {
        case .idle, .handshaking: true
        case .active(_, let output): output
        case .closing, .draining, .closed: false
        }
    }
}

extension ConnectionStateMachine {
    /// The transport is connected. Returns whether to start the handshake.
    mutating func start() -> Bool {
        guard state == .idle else { return false }
        state = .handshaking
        return true
    }

    /// Returns whether to announce the peer.
    mutating func handshakeCompleted() -> Bool {
        guard state == .handshaking else { return false }
        state = .active(input: true, output: true)
        return true
    }

    /// TLS itself failed, on either side. Returns whether to send the alert, report the error and drain.
    mutating func failed() -> Bool {
        switch state {
        case .handshaking, .active:
            state = .draining
            return true
        case .closing:
            // Nobody is left who wants to hear of it.
            state = .draining
            return false
        case .idle, .draining, .closed:
            return false
        }
    }

    enum CloseAction: Hashable {
        case closeAtOnce
        case sendNoticeAndWait
        case sendNoticeAndClose
        case waitToo
    }

    /// We are asked to close both directions.
    mutating func closeRequested() -> CloseAction {
        switch state {
        case .idle, .handshaking, .closed:
            state = .closed
            return .closeAtOnce
        case .active(let input, let output):
            guard input || output else {
                state = .closed
                return .closeAtOnce
            }
            state = .closing
            guard input else { return .sendNoticeAndClose }
            // The notice may be sent already, but the peer's is still owed.
            return output ? .sendNoticeAndWait : .waitToo
        case .closing, .draining:
            return .waitToo
        }
    }

    enum CloseOutputAction: Hashable {
        case sendNotice
        case sendNoticeAndClose
        case refuse
    }

    /// We are asked to close our direction only.
    mutating func closeOutputRequested() -> CloseOutputAction {
        guard case .active(let input, true) = state else { return .refuse }
        guard input else {
            state = .closing
            return .sendNoticeAndClose
        }
        state = .active(input: input, output: false)
        return .sendNotice
    }

    enum EndAction: Hashable {
        case reportHalfClosure
        case replyAndClose
        case close
        case none
    }

    /// The peer sent its close_notify.
    mutating func peerEnded(halfClosureAllowed: Bool) -> EndAction {
        switch state {
        case .active(true, let output):
            guard output else {
                state = .closed
                return .close
            }
            guard halfClosureAllowed else {
                state = .closing
                return .replyAndClose
            }
            state = .active(input: false, output: true)
            return .reportHalfClosure
        case .closing:
            state = .closed
            return .close
        case .active(false, _), .idle, .handshaking, .draining, .closed:
            return .none
        }
    }

    /// Our close_notify is out, and with it all that was written before; asked only when the peer has ended too.
    /// Returns whether to close.
    mutating func lastNoticeSent() -> Bool {
        guard state == .closing else { return false }
        state = .closed
        return true
    }

    enum TransportEndAction: Hashable {
        case reportAbortedHandshake
        case reportTruncation
        case none
    }

    /// The transport ended: no byte comes any more.
    mutating func transportEnded() -> TransportEndAction {
        defer { state = .closed }
        switch state {
        case .handshaking: return .reportAbortedHandshake
        case .active(true, _): return .reportTruncation
        case .active(false, _), .idle, .closing, .draining, .closed: return .none
        }
    }

    /// The time for the handshake is over. Returns whether it counts.
    mutating func handshakeDeadlineExpired() -> Bool {
        guard state == .handshaking else { return false }
        state = .draining
        return true
    }

    /// The time for an orderly end is over. Returns whether to close.
    mutating func shutdownDeadlineExpired() -> Bool {
        switch state {
        case .closing, .draining:
            state = .closed
            return true
        case .idle, .handshaking, .active, .closed:
            return false
        }
    }
}
