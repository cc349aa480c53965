import JSONTree
import Sessions
import Testing
import Wire

struct PeerSessionTests {
    @Test("two hellos that agree establish both sides, with the hub's epoch", arguments: [(1, 1), (5, 1), (1, 0)])
    func establishes(hubEpoch: Int, agentEpoch: Int) {
        var pair = SessionPair(
            hub: SessionPair.hello(.hub, epoch: hubEpoch, versions: 1...3),
            agent: SessionPair.hello(.agent, epoch: agentEpoch, versions: 1...2))
        pair.start()
        for end in [pair.hub, pair.agent] {
            guard case .established(let agreement)? = end.events.first else {
                Issue.record("not established: \(String(describing: end.end))")
                continue
            }
            #expect(agreement.version == 2)
            #expect(agreement.epoch == hubEpoch)
            #expect(agreement.isNewEpoch == (hubEpoch > agentEpoch))
            #expect(end.session.roundTripTime != nil)
        }
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var hub = SessionPair.hello(.hub)
        var agent = SessionPair.hello(.agent)
        var code: ErrorMessage.Code
        var words: String
    }

    static let refusals = [
        Refusal(
            testDescription: "old agent", hub: SessionPair.hello(.hub, versions: 3...4),
            agent: SessionPair.hello(.agent, versions: 1...2), code: .version,
            words: "upgrade the agent of rome"),
        Refusal(
            testDescription: "old hub", hub: SessionPair.hello(.hub, versions: 1...1),
            agent: SessionPair.hello(.agent, versions: 2...2), code: .version,
            words: "upgrade the hub of cloud"),
        Refusal(
            testDescription: "two hubs", agent: SessionPair.hello(.hub, id: "other"), code: .identity,
            words: "one hub and one agent"),
        Refusal(
            testDescription: "itself", agent: SessionPair.hello(.agent, id: "cloud"), code: .identity,
            words: "with itself"),
        Refusal(
            testDescription: "stale hub", hub: SessionPair.hello(.hub, epoch: 4),
            agent: SessionPair.hello(.agent, epoch: 5), code: .staleEpoch, words: "peer again"),
    ]

    @Test("hellos that do not agree end both sides with the reason", arguments: refusals)
    func refuses(test: Refusal) {
        var pair = SessionPair(hub: test.hub, agent: test.agent)
        pair.start()
        for end in [pair.hub, pair.agent] {
            #expect(end.events.isEmpty)
            #expect(end.end?.code == .refusal)
            #expect(end.end?.message.contains(test.words) == true)
        }
        // The other side is told in the same words.
        var other = PeerSession(.init(local: test.agent, peerClusterID: test.hub.clusterID))
        _ = other.start(.zero)
        let actions = other.received(.hello(test.hub), .zero)
        guard case .send(.error(let error))? = actions.first else {
            Issue.record("no error was sent")
            return
        }
        #expect(error.code == test.code)
        #expect(error.message.contains(test.words))
    }

    @Test("a hello that names another cluster than the certificate is refused")
    func impostor() {
        var session = PeerSession(.init(local: SessionPair.hello(.agent), peerClusterID: "milan"))
        _ = session.start(.zero)
        _ = session.received(.hello(SessionPair.hello(.hub)), .zero)
        #expect(session.end?.code == .refusal)
    }

    @Test("a side is not established before the other one agrees")
    func confirmation() {
        var session = PeerSession(.init(local: SessionPair.hello(.hub), peerClusterID: "rome"))
        _ = session.start(.zero)
        let actions = session.received(.hello(SessionPair.hello(.agent)), .zero)
        #expect(actions.count == 1 && session.agreement == nil)
        var refused = session
        let error = ErrorMessage(code: .notPeered, message: "no")
        #expect(refused.received(.error(error), .zero) == [.close(.refusedByPeer(error))])
        var late = session
        #expect(late.tick(.seconds(5)).count == 1)
        #expect(late.end?.code == .timeout)
        _ = session.received(.ping(PingMessage(id: 1)), .zero)
        #expect(session.agreement != nil)
    }

    @Test(
        "the agent asks for signs of life, the hub where it has said nothing for longer, or the agent leaves it to the hub"
    )
    func whoAsks() {
        var pair = SessionPair.established()
        #expect(pair.agent.session.deadline == .seconds(1))
        #expect(pair.agent.session.tick(.seconds(1)) == [.send(.ping(PingMessage(id: 2)))])
        #expect(pair.hub.session.tick(.seconds(1)).isEmpty)
        #expect(pair.hub.session.deadline == .milliseconds(1500))
        #expect(pair.hub.session.tick(.milliseconds(1500)) == [.send(.ping(PingMessage(id: 2)))])
        // Neither of them says that it knows of the agent's asking.
        for (role, asked) in [(PeerRole.hub, Duration.seconds(1)), (.agent, .milliseconds(1500))] {
            let peer = SessionPair.hello(role.opposite)
            var session = PeerSession(.init(local: SessionPair.hello(role), peerClusterID: peer.clusterID))
            _ = session.start(.zero)
            _ = session.received(.hello(peer), .zero)
            _ = session.received(.ping(PingMessage(id: 1)), .zero)
            #expect(session.deadline == asked)
            #expect(session.tick(asked) == [.send(.ping(PingMessage(id: 2)))])
        }
    }

    @Test("before the hello nothing else is taken", arguments: [0, 1, 2, 3])
    func early(place: Int) {
        let messages: [Message] = [
            .ping(PingMessage(id: 1)), .desired(DesiredMessage(sequence: 1)), .unknown(type: "x", .null),
            .streamOpen(StreamOpenMessage(id: 2, kind: "logs", window: 1)),
        ]
        var session = PeerSession(.init(local: SessionPair.hello(.hub), peerClusterID: "rome"))
        _ = session.start(.zero)
        let actions = session.received(messages[place], .zero)
        guard case .send(.error(let error)) = actions.first, case .close = actions.last else {
            Issue.record("it was taken")
            return
        }
        #expect(error.code == .protocolViolation)
    }

    @Test("a peer that says nothing is given up at the hello's deadline")
    func helloDeadline() {
        var session = PeerSession(.init(local: SessionPair.hello(.hub), peerClusterID: "rome"))
        _ = session.start(.seconds(100))
        #expect(session.deadline == .seconds(105))
        #expect(session.tick(.seconds(104)).isEmpty)
        #expect(session.tick(.seconds(105)).count == 1)
        #expect(session.end?.code == .timeout)
        #expect(session.deadline == nil)
    }

    @Test(
        "a peer that is far away has three round trips for its hello, and no more than 30 s (F3)",
        arguments: [(4, 12), (60, 30)])
    func farAway(_ roundTrip: Int, _ patience: Int) {
        var session = PeerSession(
            .init(local: SessionPair.hello(.hub), peerClusterID: "rome", roundTripEstimate: .seconds(roundTrip)))
        _ = session.start(.seconds(100))
        #expect(session.deadline == .seconds(100 + patience))
        #expect(session.tick(.seconds(100 + patience)).count == 1)
        #expect(session.end?.message.contains("\(patience).0 seconds") == true)
    }

    @Test("an unknown message is answered, and the conversation goes on")
    func unknown() {
        var pair = SessionPair.established()
        pair.hub.receive(.message(Array(#"{"type":"teleport"}"#.utf8)), .zero)
        pair.settle()
        #expect(pair.agent.events == [.received(.unsupported(UnsupportedMessage(messageType: "teleport")))])
        #expect(pair.hub.end == nil)
    }

    static let violations: [(name: String, message: Message)] = [
        ("hello", .hello(SessionPair.hello(.agent))),
        ("enroll", .enroll(EnrolmentSessionTests.request)),
        ("enrolled", .enrolled(EnrolmentSessionTests.answer)),
        ("desired set from the agent", .desired(DesiredMessage(sequence: 1))),
        ("observed set before the digest", .observed(ObservedMessage(sequence: 1))),
        ("digest of its own set", .digest(DigestMessage(set: .observed, entries: [:], epoch: 1))),
        ("acknowledgement of its own set", .acknowledge(AcknowledgeMessage(set: .observed, sequence: 1))),
        ("acknowledgement of what was not sent", .acknowledge(AcknowledgeMessage(set: .desired, sequence: 1))),
        ("stream with the hub's id", .streamOpen(StreamOpenMessage(id: 1, kind: "x", window: 1))),
        ("window of no stream", .streamWindow(StreamWindowMessage(id: 2, bytes: 1))),
    ]

    @Test("what must not come ends the session with a word", arguments: violations.map(\.name))
    func violates(name: String) throws {
        let message = try #require(Self.violations.first { $0.name == name }?.message)
        var pair = SessionPair.established()
        pair.hub.receive(.message(message.encoded), .zero)
        #expect(pair.hub.end?.code == .violation)
        pair.settle()
        #expect(pair.agent.end?.error?.code == .protocolViolation)
    }

    @Test("goodbye tells the other side why, with the epoch, and nothing happens afterwards")
    func goodbye() {
        var pair = SessionPair.established()
        pair.hub.perform(pair.hub.session.goodbye(.unpeered, message: "bye", epoch: 2))
        pair.settle()
        #expect(pair.hub.end?.code == .local)
        #expect(pair.agent.end?.goodbye == GoodbyeMessage(reason: .unpeered, message: "bye", epoch: 2))
        #expect(pair.agent.session.received(.ping(PingMessage(id: 1)), .zero).isEmpty)
        #expect(pair.agent.session.goodbye(.shutdown).isEmpty)
        #expect(pair.agent.session.tick(.seconds(100)).isEmpty)
        #expect(pair.agent.session.nextOutput(.zero) == nil)
        #expect(throws: StreamError.self) { try pair.hub.session.openStream(kind: "x", parameters: .null) }
    }

    @Test("silence is told as suspicion first, and ends the session then")
    func silence() {
        var pair = SessionPair.established()
        pair.hub.outbox = []
        var now = Duration.zero
        while pair.hub.end == nil, let deadline = pair.hub.session.deadline {
            now = deadline
            pair.hub.perform(pair.hub.session.tick(now))
        }
        #expect(now == .milliseconds(3500))
        #expect(pair.hub.events == [.suspected(silence: .milliseconds(2500))])
        #expect(pair.hub.end?.code == .silent)
    }

    @Test("two idle sides exchange one ping and one pong a second")
    func idle() {
        var pair = SessionPair.established()
        var count = 0
        while pair.now < .seconds(60) {
            let (hub, agent) = (pair.hub.session.deadline ?? .zero, pair.agent.session.deadline ?? .zero)
            pair.now = min(hub, agent)
            if hub <= agent {
                pair.hub.perform(pair.hub.session.tick(pair.now))
            } else {
                pair.agent.perform(pair.agent.session.tick(pair.now))
            }
            count += pair.hub.outbox.count + pair.agent.outbox.count
            // Whoever is asked answers in the same moment.
            pair.hub.session.spoke(pair.now)
            pair.agent.session.spoke(pair.now)
            pair.settle()
        }
        #expect(pair.hub.end == nil && pair.agent.end == nil)
        #expect(count <= 61)
        #expect(pair.hub.events.isEmpty && pair.agent.events.isEmpty)
    }
}

/// Nothing to compare in a tuple but whether there is one.
private func == (output: (output: PeerSession.Output, event: PeerSessionEvent?)?, nothing: ()?) -> Bool {
    output.map { _ in false } ?? true
}
