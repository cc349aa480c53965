import JSONTree
import Sessions
import Testing
import Wire

struct SyncTests {
    static func desired(_ name: String, _ version: Int, padding: Int = 0) -> DesiredItem {
        DesiredItem(
            key: .pod("demo", name), hash: "\(name)-\(version)",
            content: .pod(
                DesiredPod(
                    originUID: name, remoteNamespace: "demo",
                    object: ["v": JSON(version), "padding": .string(String(repeating: "x", count: padding))])))
    }

    static func observed(_ name: String, _ version: Int) -> ObservedItem {
        ObservedItem(
            key: .pod("demo", name), hash: "\(name)-\(version)",
            content: .pod(ObservedPod(originUID: name, edgeUID: "e", status: ["v": JSON(version)])))
    }

    static func namespace(_ name: String) -> DesiredItem {
        DesiredItem(
            key: .namespace(name), hash: name,
            content: .namespace(DesiredNamespace(originName: name, remoteName: name, mapping: "EnforceSameName")))
    }

    @Test("changes name what differs, and bring a copy in line")
    func differences() {
        let set = DesiredSet([Self.desired("a", 1), Self.desired("b", 2), Self.namespace("demo")])
        var copy = DesiredSet([Self.desired("a", 1), Self.desired("b", 1), Self.desired("c", 1)])
        let changes = set.changes(from: copy.digest)
        #expect(changes.upserts.map(\.key) == [.namespace("demo"), .pod("demo", "b")])
        #expect(changes.removals == [.pod("demo", "c")])
        copy.apply(changes)
        copy.apply(changes)
        #expect(copy == set)
        #expect(set.changes(from: copy.digest).upserts.isEmpty)
    }

    @Test("nothing is sent before the set was published and the copy described; then once, complete")
    func order() {
        for publishesFirst in [true, false] {
            var sync = OutgoingSync<DesiredItem>()
            let digest = DigestMessage(set: .desired, entries: [:], epoch: 1)
            if publishesFirst { sync.publish(DesiredSet([Self.desired("a", 1)])) }
            sync.update(upserts: [Self.desired("x", 1)], removals: [])
            #expect(sync.nextBatch(.zero) == nil)
            try? sync.received(digest, epoch: 1)
            if !publishesFirst {
                #expect(sync.nextBatch(.zero) == nil)
                sync.publish(DesiredSet([Self.desired("a", 1)]))
            }
            let batch = sync.nextBatch(.zero)
            #expect(batch?.sequence == 1)
            #expect(batch?.isComplete == true)
            #expect(batch?.upserts.count == (publishesFirst ? 2 : 1))
            #expect(sync.nextBatch(.zero) == nil)
            #expect(!sync.isSettled)
            try? sync.received(AcknowledgeMessage(set: .desired, sequence: 1))
            #expect(sync.isSettled)
            #expect(throws: PeerSessionEnd.self) { try sync.received(digest, epoch: 1) }
        }
    }

    @Test("an empty set that equals an empty copy still says that it is complete")
    func empty() throws {
        var sync = OutgoingSync<DesiredItem>()
        sync.publish(DesiredSet())
        try sync.received(DigestMessage(set: .desired, entries: [:], epoch: 1), epoch: 1)
        #expect(sync.nextBatch(.zero) == DesiredMessage(sequence: 1, isComplete: true))
        #expect(sync.nextBatch(.zero) == nil)
    }

    @Test("a copy of another epoch counts as empty")
    func otherEpoch() throws {
        var sync = OutgoingSync<DesiredItem>()
        sync.publish(DesiredSet([Self.desired("a", 1)]))
        try sync.received(
            DigestMessage(set: .desired, entries: [.pod("demo", "a"): "a-1", .pod("demo", "z"): "z-1"], epoch: 1),
            epoch: 2)
        let batch = sync.nextBatch(.zero)
        #expect(batch?.upserts.count == 1)
        #expect(batch?.removals.isEmpty == true)
    }

    @Test("a slow peer gets the last state once, in a bounded number of messages (F3)")
    func coalesces() throws {
        let limits = SessionLimits(unacknowledged: 2, gathering: .zero)
        var sync = OutgoingSync<DesiredItem>(limits: limits)
        sync.publish(DesiredSet())
        try sync.received(DigestMessage(set: .desired, entries: [:], epoch: 1), epoch: 1)
        var sent: [DesiredMessage] = []
        for version in 1...100 {
            sync.update(upserts: [Self.desired("a", version)], removals: [])
            if let batch = sync.nextBatch(.zero) { sent.append(batch) }
        }
        #expect(sent.map(\.sequence) == [1, 2])
        try sync.received(AcknowledgeMessage(set: .desired, sequence: 2))
        #expect(sync.nextBatch(.zero)?.upserts == [Self.desired("a", 100)])
        // There and away again before the peer heard of it: nothing to say.
        sync.update(upserts: [Self.desired("b", 1)], removals: [])
        sync.update(upserts: [], removals: [.pod("demo", "b")])
        #expect(sync.nextBatch(.zero) == nil)
    }

    @Test("a lone change goes at once; those that follow it closely gather, but for many")
    func gathers() throws {
        var sync = OutgoingSync<DesiredItem>()
        sync.publish(DesiredSet([Self.desired("a", 1)]))
        try sync.received(DigestMessage(set: .desired, entries: [:], epoch: 1), epoch: 1)
        #expect(sync.nextBatch(.zero)?.isComplete == true)
        #expect(sync.heldBackUntil == nil)
        sync.update(upserts: [Self.desired("b", 1)], removals: [])
        #expect(sync.heldBackUntil == .milliseconds(25))
        #expect(sync.nextBatch(.milliseconds(24)) == nil)
        #expect(!sync.isSettled)
        sync.update(upserts: [Self.desired("c", 1)], removals: [.pod("demo", "a")])
        let together = sync.nextBatch(.milliseconds(25))
        #expect(together?.upserts.count == 2)
        #expect(together?.removals.count == 1)
        #expect(sync.nextBatch(.milliseconds(25)) == nil)
        // Nothing was said for long enough.
        sync.update(upserts: [Self.desired("d", 1)], removals: [])
        #expect(sync.nextBatch(.milliseconds(50))?.upserts.count == 1)
        // So many are a message of their own.
        sync.update(upserts: (0..<63).map { Self.desired("e\($0)", 1) }, removals: [])
        #expect(sync.nextBatch(.milliseconds(51)) == nil)
        sync.update(upserts: [Self.desired("f", 1)], removals: [])
        #expect(sync.heldBackUntil == nil)
        #expect(sync.nextBatch(.milliseconds(51))?.upserts.count == 64)
    }

    @Test("what a first synchronisation has to say never waits")
    func firstSync() throws {
        var sync = OutgoingSync<DesiredItem>(limits: SessionLimits(batchItems: 2))
        sync.publish(DesiredSet((0..<5).map { Self.desired("p\($0)", 1) }))
        try sync.received(DigestMessage(set: .desired, entries: [:], epoch: 1), epoch: 1)
        #expect((0..<3).map { _ in sync.nextBatch(.zero)?.upserts.count } == [2, 2, 1])
    }

    @Test("large sets go in messages of bounded size, complete with the last only")
    func batches() throws {
        let limits = SessionLimits(unacknowledged: 1000, batchItems: 50, batchBytes: 10_000)
        var sync = OutgoingSync<DesiredItem>(limits: limits)
        let set = DesiredSet((0..<300).map { Self.desired("p\($0)", 1, padding: $0 == 7 ? 50_000 : $0 * 3) })
        sync.publish(set)
        try sync.received(DigestMessage(set: .desired, entries: [:], epoch: 1), epoch: 1)
        var copy = DesiredSet()
        var count = 0
        while let batch = sync.nextBatch(.zero) {
            count += 1
            #expect(batch.upserts.count <= 50)
            let bytes = Message.desired(batch).encoded.count
            #expect(bytes <= 11_000 || batch.upserts.count == 1)
            copy.apply(batch)
            #expect(batch.isComplete == (copy.count == 300))
        }
        #expect(copy == set)
        #expect(count > 10)
    }

    @Test("changes out of order, before the digest and of too many items are refused (F8)")
    func incoming() throws {
        var sync = IncomingSync<DesiredItem>(limits: SessionLimits(unacknowledged: 1, items: 3))
        #expect(throws: PeerSessionEnd.self) { try sync.received(DesiredMessage(sequence: 1)) }
        #expect(sync.begin(held: [:], epoch: 1).count == 1)
        #expect(sync.begin(held: [:], epoch: 1).isEmpty)
        #expect(throws: PeerSessionEnd.self) { try sync.received(DesiredMessage(sequence: 2)) }
        try sync.received(DesiredMessage(sequence: 1, upserts: [Self.desired("a", 1), Self.desired("b", 1)]))
        #expect(sync.consumed(2) == nil)
        #expect(sync.consumed(1)?.sequence == 1)
        #expect(sync.consumed(1) == nil)
        #expect(throws: PeerSessionEnd.self) { try sync.received(DesiredMessage(sequence: 1)) }
        try sync.received(DesiredMessage(sequence: 2, upserts: [Self.desired("c", 1)], removals: [.pod("demo", "a")]))
        let error = #expect(throws: PeerSessionEnd.self) {
            try sync.received(DesiredMessage(sequence: 3, upserts: [Self.desired("d", 1), Self.desired("e", 1)]))
        }
        #expect(error?.code == .limit)
        for sequence in 4...6 { try? sync.received(DesiredMessage(sequence: sequence)) }
        #expect(throws: PeerSessionEnd.self) { try sync.received(DesiredMessage(sequence: 7)) }
    }

    @Test("a long digest goes in several messages and is put together again")
    func longDigest() throws {
        let held = Dictionary(uniqueKeysWithValues: (0..<25_000).map { (ItemKey.pod("demo", "p\($0)"), "h\($0)") })
        var incoming = IncomingSync<DesiredItem>()
        let messages = incoming.begin(held: held, epoch: 1)
        #expect(messages.map(\.isComplete) == [false, false, true])
        var sync = OutgoingSync<DesiredItem>()
        sync.publish(DesiredSet())
        for message in messages {
            #expect(sync.nextBatch(.zero) == nil)
            try sync.received(message, epoch: 1)
        }
        var removals = 0
        while let batch = sync.nextBatch(.zero) {
            removals += batch.removals.count
            try sync.received(AcknowledgeMessage(set: .desired, sequence: batch.sequence))
        }
        #expect(removals == 25_000)
    }

    @Test("a copy is complete only once its owner has said so, and starts anew with a new epoch (F7, I3)")
    func replica() {
        var replica = ReplicaSet<DesiredItem>()
        replica.begin(epoch: 1)
        replica.apply(DesiredMessage(sequence: 1, upserts: [Self.desired("a", 1)]))
        #expect(!replica.isComplete)
        replica.apply(DesiredMessage(sequence: 2, isComplete: true))
        replica.begin(epoch: 1)
        #expect(replica.isComplete && replica.items.count == 1)
        replica.begin(epoch: 2)
        #expect(!replica.isComplete && replica.items.isEmpty)
    }

    @Test("a copy grows to its limit and no further, and nothing is taken over after what was left out (A10)")
    func bounded() {
        let size = Self.desired("p0", 1, padding: 10_000).footprint
        var replica = ReplicaSet<DesiredItem>(limit: size * 10)
        replica.begin(epoch: 1)
        func takes(_ changes: DesiredMessage) -> Bool { replica.apply(changes) }
        for number in 0..<10 {
            #expect(takes(DesiredMessage(upserts: [Self.desired("p\(number)", 1, padding: 10_000)])))
        }
        // The same again, twice in one message, is no more; and what goes makes room.
        let again = Self.desired("p3", 2, padding: 10_000)
        #expect(takes(DesiredMessage(upserts: [again, again])))
        #expect(takes(DesiredMessage(removals: [.pod("demo", "p0"), .pod("demo", "p0")])))
        #expect(takes(DesiredMessage(upserts: [Self.desired("q", 1, padding: 9_000)])))
        let full = replica.items
        #expect(!takes(DesiredMessage(upserts: [Self.desired("r", 1, padding: 10_000)])))
        // This one would fit; but whoever believed it complete would miss what was left out.
        #expect(!takes(DesiredMessage(removals: [.pod("demo", "q")], isComplete: true)))
        #expect(replica.items == full && !replica.isComplete)
        replica.begin(epoch: 1)
        #expect(takes(DesiredMessage(removals: [.pod("demo", "q")], isComplete: true)))
        #expect(replica.isComplete)
        // Many small values take more memory than their text.
        let many = DesiredItem(
            key: .pod("demo", "m"), hash: "m", content: .other(.array(Array(repeating: [], count: 1000))))
        #expect(many.footprint > 40_000)
    }

    @Test("both sets converge whatever is cut, delayed and changed meanwhile (F8)", arguments: 1...40)
    func converges(seed: Int) {
        var generator = SplitMix(seed: UInt64(seed))
        let limits = SessionLimits(unacknowledged: 2, batchItems: 3)
        var wanted = DesiredSet()
        var running = ObservedSet()
        var agentCopy = ReplicaSet<DesiredItem>()
        var hubCopy = ReplicaSet<ObservedItem>()
        var version = 0
        var epoch = 1
        var agentEpoch = 0

        for round in 0..<12 {
            let isLast = round == 11
            if !isLast, Bool.random(using: &generator), round % 4 == 3 { epoch += 1 }
            var pair = SessionPair(
                hub: SessionPair.hello(.hub, epoch: epoch), agent: SessionPair.hello(.agent, epoch: agentEpoch),
                limits: limits)
            pair.start()
            agentEpoch = epoch
            agentCopy.begin(epoch: epoch)
            hubCopy.begin(epoch: epoch)
            pair.hub.perform(pair.hub.session.hold(hubCopy.digest))
            pair.agent.perform(pair.agent.session.hold(agentCopy.digest))
            pair.hub.session.publish(wanted)
            pair.agent.session.publish(running)

            /// Lets both sides take over what came, or lose it with the connection.
            func takeOver(_ most: Int) {
                for event in pair.agent.takeEvents().prefix(most) {
                    guard case .desired(let changes) = event else { continue }
                    agentCopy.apply(changes)
                    pair.agent.perform(pair.agent.session.consumed(.desired, sequence: changes.sequence))
                }
                for event in pair.hub.takeEvents().prefix(most) {
                    guard case .observed(let changes) = event else { continue }
                    hubCopy.apply(changes)
                    pair.hub.perform(pair.hub.session.consumed(.observed, sequence: changes.sequence))
                }
            }

            for _ in 0..<Int.random(in: 0...40, using: &generator) {
                version += 1
                let name = "p\(Int.random(in: 0..<12, using: &generator))"
                switch Int.random(in: 0..<6, using: &generator) {
                case 0:
                    wanted.upsert(Self.desired(name, version))
                    pair.hub.session.update(desired: [Self.desired(name, version)], removals: [])
                case 1:
                    wanted.remove(.pod("demo", name))
                    pair.hub.session.update(desired: [], removals: [.pod("demo", name)])
                case 2:
                    running.upsert(Self.observed(name, version))
                    pair.agent.session.update(observed: [Self.observed(name, version)], removals: [])
                case 3:
                    running.remove(.pod("demo", name))
                    pair.agent.session.update(observed: [], removals: [.pod("demo", name)])
                case 4:
                    pair.now += .milliseconds(Int.random(in: 0...20, using: &generator))
                    pair.hub.pump(pair.now, 1)
                    pair.agent.pump(pair.now, 1)
                    if !pair.hub.outbox.isEmpty { pair.agent.receive(pair.hub.outbox.removeFirst(), .zero) }
                    if !pair.agent.outbox.isEmpty { pair.hub.receive(pair.agent.outbox.removeFirst(), .zero) }
                default:
                    takeOver(.max)
                }
            }
            // The connection is cut here: what was on the way or not taken over is lost. The last one is not.
            guard isLast else { continue }
            for _ in 0..<500 {
                pair.settle()
                takeOver(.max)
            }
            #expect(pair.hub.end == nil && pair.agent.end == nil, "seed \(seed)")
            #expect(pair.hub.session.isSettled && pair.agent.session.isSettled, "seed \(seed)")
        }
        #expect(agentCopy.items == wanted, "seed \(seed)")
        #expect(agentCopy.isComplete, "seed \(seed)")
        #expect(hubCopy.items == running, "seed \(seed)")
    }
}
