public import Wire

/// One conversation with a peer, from mutual TLS to the end of the connection.
///
/// Pure: times are monotonic durations since any fixed point, the caller sends what it is told to, pulls
/// ``nextOutput(_:)`` while its connection takes more and at ``outputDeadline``, and calls ``tick(_:)`` at ``deadline``. Control messages come as
/// actions at once; changes and stream data, which may be many, wait here until they are pulled.
///
/// | state | event | action, next state |
/// |---|---|---|
/// | idle | start | send hello, negotiating |
/// | negotiating | hello that agrees | send ping, agreed |
/// | negotiating | hello that does not | send error, close, over |
/// | negotiating | error, goodbye | close, over |
/// | negotiating | any other message | send error (protocol), close, over |
/// | agreed | error, goodbye | close, over |
/// | agreed | any other message: the peer agrees too | deliver established, then as established |
/// | negotiating, agreed | deadline | close (timeout), over |
/// | established | ping | send pong |
/// | established | sync, streams | as ``OutgoingSync``, ``IncomingSync``, ``StreamMultiplexer`` say |
/// | established | advertise at the hub; renew, renewed, unsupported | deliver |
/// | established | unknown message | send unsupported |
/// | established | hello, enroll, enrolled, advertise at the agent, broken rules | send error, close, over |
/// | established | goodbye, error | close, over |
/// | established | silence | deliver suspected; then close (silent), over |
/// | any but over | goodbye here | send goodbye, close, over |
/// | any but over | connection lost | close (lost), over |
/// | over | anything | nothing |
public struct PeerSession: Sendable {
    public enum Action: Sendable, Hashable {
        case send(Message)
        case deliver(PeerSessionEvent)
        /// The last action: close once everything is sent.
        case close(PeerSessionEnd)
    }

    /// What goes out when there is room.
    public typealias Output = StreamMultiplexer.Output

    struct Established: Sendable {
        var agreement: PeerEstablished
        var liveness: Liveness
        var desired: SyncSide<DesiredItem>
        var observed: SyncSide<ObservedItem>
        var streams: StreamMultiplexer
        var streamsFirst = false

        mutating func change<Result, Failure>(
            _ body: (inout Established) throws(Failure) -> Result
        ) throws(Failure) -> Result {
            try body(&self)
        }
    }

    private enum State: Sendable {
        case idle
        case negotiating(deadline: Duration)
        case agreed(deadline: Duration)
        case established
        case over(PeerSessionEnd)
    }

    let configuration: PeerSessionConfiguration
    private var state = State.idle
    /// There while agreed and established. Beside the state, so that it is changed where it stands: taken out of the state and
    /// put back it would be copied for every frame.
    private var talk: Established?

    public init(_ configuration: PeerSessionConfiguration) {
        var configuration = configuration
        configuration.local.features.append(HelloMessage.agentAsks)
        self.configuration = configuration
    }

    /// Why the session is over; `nil` while it is not.
    public var end: PeerSessionEnd? { if case .over(let end) = state { end } else { nil } }

    /// What was agreed on; `nil` before and after.
    public var agreement: PeerEstablished? {
        isEstablished ? talk?.agreement : nil
    }

    /// The smoothed time of a round trip; `nil` while it is not known.
    public var roundTripTime: Duration? {
        isEstablished ? talk?.liveness.roundTripTime : nil
    }

    /// When ``tick(_:)`` is to be called; `nil` for never.
    public var deadline: Duration? {
        switch state {
        case .negotiating(let deadline), .agreed(let deadline): deadline
        case .established: talk?.liveness.deadline
        case .idle, .over: nil
        }
    }

    /// When ``nextOutput(_:)`` will have changes that are held back now, so that more may go with them; `nil` where none are.
    public var outputDeadline: Duration? { isEstablished ? talk?.heldBackUntil : nil }

    private var isEstablished: Bool { if case .established = state { true } else { false } }

    /// Whether the peer has confirmed all of the own set.
    public var isSettled: Bool { isEstablished && talk?.isSettled ?? false }

    /// The streams that are not over, of both sides.
    public var streamCount: Int { talk?.streams.count ?? 0 }

    // MARK: The connection

    /// Mutual TLS is done.
    public mutating func start(_ now: Duration) -> [Action] {
        guard case .idle = state else { preconditionFailure("a session starts once") }
        state = .negotiating(deadline: now + configuration.helloPatience)
        return [.send(.hello(configuration.local))]
    }

    /// Any bytes came, even if they are no whole frame yet.
    public mutating func heard(_ now: Duration) -> [Action] {
        withEstablished { $0.liveness.heard(now) } == true ? [.deliver(.recovered)] : []
    }

    /// Something was sent other than by an action of this session's ``tick(_:)``.
    public mutating func spoke(_ now: Duration) { withEstablished { $0.liveness.spoke(now) } }

    public mutating func tick(_ now: Duration) -> [Action] {
        switch state {
        case .negotiating(let deadline), .agreed(let deadline):
            guard now >= deadline else { return [] }
            return over(
                PeerSessionEnd(
                    .timeout, "the peer did not say hello within \(configuration.helloPatience)"))
        case .established:
            guard let verdict = withEstablished({ $0.liveness.check(now) }) else { return [] }
            if let silence = verdict.deadFor {
                return over(PeerSessionEnd(.silent, "nothing was heard from the peer for \(silence.inSeconds)"))
            }
            var actions: [Action] = verdict.suspectFor.map { [.deliver(.suspected(silence: $0))] } ?? []
            if let id = verdict.ping { actions.append(.send(.ping(PingMessage(id: id)))) }
            return actions
        case .idle, .over:
            return []
        }
    }

    /// Asks the peer for a sign of life now.
    ///
    /// - Returns: the ping, and its id; `nil` where no session is established.
    public mutating func challenge(_ now: Duration) -> (id: Int, actions: [Action])? {
        guard let id = withEstablished({ $0.liveness.ping(now) }) else { return nil }
        return (id, [.send(.ping(PingMessage(id: id)))])
    }

    /// The connection is gone, or a layer below gave it up.
    public mutating func lost(_ reason: PeerSessionEnd) -> [Action] { over(reason) }

    /// Ends the session with a word to the peer.
    public mutating func goodbye(_ reason: GoodbyeMessage.Reason, message: String = "", epoch: Int? = nil) -> [Action] {
        if case .over = state { return [] }
        let epoch = epoch ?? agreement?.epoch ?? configuration.local.epoch
        let word = GoodbyeMessage(reason: reason, message: message, epoch: epoch)
        return [.send(.goodbye(word))] + over(PeerSessionEnd(.local, "this side said goodbye (\(reason.rawValue))"))
    }

    /// The peer broke a rule that a layer below guards, such as a frame's length.
    public mutating func violated(_ end: PeerSessionEnd) -> [Action] {
        if case .over = state { return [] }
        let code: ErrorMessage.Code = end.code == .limit ? .limit : .protocolViolation
        return [.send(.error(ErrorMessage(code: code, message: end.message)))] + over(end)
    }

    /// Ends the session because the peer is not wanted any more, and says why.
    public mutating func refuse(_ error: ErrorMessage) -> [Action] {
        if case .over = state { return [] }
        return [.send(.error(error))] + over(PeerSessionEnd(.refusal, error.message))
    }

    private mutating func over(_ end: PeerSessionEnd) -> [Action] {
        if case .over = state { return [] }
        state = .over(end)
        talk = nil
        return [.close(end)]
    }

    // MARK: What comes

    public mutating func received(_ message: Message, _ now: Duration) -> [Action] {
        switch state {
        case .idle:
            preconditionFailure("a session hears nothing before it starts")
        case .negotiating(let deadline):
            return greeted(message, now, deadline)
        case .agreed:
            return confirmed(by: message, now)
        case .established:
            do throws(PeerSessionEnd) {
                return try withEstablished { (established) throws(PeerSessionEnd) in
                    try established.received(message, now)
                } ?? []
            } catch {
                switch error.code {
                case .violation, .limit: return violated(error)
                default: return over(error)
                }
            }
        case .over:
            return []
        }
    }

    public mutating func received(stream id: UInt32, _ bytes: ArraySlice<UInt8>) -> [Action] {
        switch state {
        case .idle, .negotiating, .agreed:
            return violated(.violation("data of stream \(id) before the hello"))
        case .established:
            do throws(PeerSessionEnd) {
                return try withEstablished { (established) throws(PeerSessionEnd) in
                    try established.streams.received(id, bytes).map(Action.init)
                } ?? []
            } catch {
                return violated(error)
            }
        case .over:
            return []
        }
    }

    private mutating func greeted(_ message: Message, _ now: Duration, _ deadline: Duration) -> [Action] {
        switch message {
        case .hello(let peer):
            do throws(HelloNegotiation.Refusal) {
                let agreement = try HelloNegotiation.agree(configuration, peer)
                let role = configuration.local.role
                let limits = configuration.limits
                var liveness = Liveness(
                    configuration.timings, pingsAlways: Self.asks(role, peer), now: now,
                    roundTripEstimate: configuration.roundTripEstimate)
                let ping = liveness.ping(now)
                talk = Established(
                    agreement: agreement, liveness: liveness, desired: SyncSide(role: role, limits: limits),
                    observed: SyncSide(role: role, limits: limits),
                    streams: StreamMultiplexer(role: role, limits: limits))
                state = .agreed(deadline: deadline)
                return [.send(.ping(PingMessage(id: ping)))]
            } catch {
                return [.send(.error(error.error))] + over(PeerSessionEnd(.refusal, error.error.message))
            }
        case .error(let error):
            return over(.refusedByPeer(error))
        case .goodbye(let word):
            return over(.goodbye(word))
        case .enroll, .enrolled, .renew, .renewed, .advertise, .ping, .pong, .digest, .desired, .observed, .acknowledge,
            .streamOpen, .streamOpened, .streamRefused, .streamWindow, .streamClose, .unsupported, .unknown:
            return violated(.violation("\(message) before the hello"))
        }
    }

    /// Whether this side asks for signs of life: the agent does, as its hub has many others; with peers of before that, the hub.
    private static func asks(_ role: PeerRole, _ peer: HelloMessage) -> Bool {
        peer.features.contains(HelloMessage.agentAsks) ? role == .agent : role == .hub
    }

    /// The first message after the hello: a peer that refuses ours says so, any other word means that it agrees too.
    private mutating func confirmed(by message: Message, _ now: Duration) -> [Action] {
        switch message {
        case .error(let error):
            return over(.refusedByPeer(error))
        case .goodbye(let word):
            return over(.goodbye(word))
        case .hello, .enroll, .enrolled, .renew, .renewed, .advertise, .ping, .pong, .digest, .desired, .observed,
            .acknowledge, .streamOpen, .streamOpened, .streamRefused, .streamWindow, .streamClose, .unsupported,
            .unknown:
            state = .established
            return (agreement.map { [.deliver(.established($0))] } ?? []) + received(message, now)
        }
    }

    /// Changes what is established, where something is.
    @discardableResult
    mutating func withEstablished<Result, Failure>(
        _ body: (inout Established) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard isEstablished else { return nil }
        return try talk?.change(body)
    }
}

extension PeerSession.Action {
    init(_ action: StreamMultiplexer.Action) {
        switch action {
        case .send(let message): self = .send(message)
        case .deliver(let event): self = .deliver(.stream(event))
        }
    }
}

extension Duration {
    /// `4.2 s`, for messages.
    var inSeconds: String {
        let tenths = components.seconds * 10 + components.attoseconds / 100_000_000_000_000_000
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
