import JSONTree
import PeerTransport
import Sessions
import TLSTransport
import Testing
import Wire

@Suite(.timeLimit(.minutes(1)))
struct SessionTests {
    static func pod(_ name: String, _ text: String = "a") -> DesiredItem {
        DesiredItem(
            key: .pod("demo", name),
            content: .pod(
                DesiredPod(
                    originUID: "uid-\(name)", remoteNamespace: "demo",
                    object: ["metadata": ["name": .string(name)], "spec": ["nodeName": .string(text)]])))
    }

    static func observed(_ item: DesiredItem) -> ObservedItem {
        ObservedItem(
            key: item.key,
            content: .pod(
                ObservedPod(
                    originUID: item.content.pod?.originUID ?? "", edgeUID: "edge", status: ["phase": "Running"])))
    }

    /// An agent that runs what is desired and reports it.
    static func follow(_ connection: PeerConnection, _ replica: Shared<ReplicaSet<DesiredItem>>) async {
        replica.change { $0.begin(epoch: connection.agreement.epoch) }
        connection.hold(replica.value.digest)
        connection.publish(ObservedSet(replica.value.items.items.values.map(observed)))
        for await event in connection.events {
            guard case .desired(let changes) = event else { continue }
            replica.change { $0.apply(changes) }
            connection.update(observed: changes.upserts.map(observed), removals: changes.removals)
        }
    }

    @Test("both sets reach the other side, and again after a reconnect only what differs")
    func synchronisation() async throws {
        let desired = Shared(ReplicaSet<DesiredItem>())
        let edge = try TestEdge { await Self.follow($0, desired) }
        let listener = try await edge.listen()
        try await beside({ await listener.run() }) {
            var wanted = DesiredSet((0..<700).map { Self.pod("p\($0)") })
            var seen = ReplicaSet<ObservedItem>()
            let connection = try await TestHub().connect(edge, listener.port)
            edge.epoch.withLock { $0 = 1 }
            seen.begin(epoch: connection.agreement.epoch)
            connection.hold(seen.digest)
            connection.publish(wanted)
            for await event in connection.events {
                if case .observed(let changes) = event { seen.apply(changes) }
                if seen.items.count == 700 { break }
            }
            #expect(desired.value.isComplete)
            #expect(desired.value.items == wanted)
            #expect(await eventually { await connection.isSettled() })
            await connection.close()

            wanted.remove(.pod("demo", "p3"))
            wanted.upsert(Self.pod("p5", "b"))
            let second = try await TestHub().connect(edge, listener.port)
            #expect(!second.agreement.isNewEpoch)
            second.hold(seen.digest)
            second.publish(wanted)
            var changed = 0
            for await event in second.events {
                guard case .observed(let changes) = event else { continue }
                changed += changes.upserts.count + changes.removals.count
                seen.apply(changes)
                if seen.items[.pod("demo", "p3")] == nil { break }
            }
            // What the edge reports of p5 has not changed.
            #expect(changed == 1)
            #expect(await eventually { desired.value.items == wanted })
            await second.close()
        }
    }

    @Test("a revoked certificate, a stranger, another role and another version are refused with their reason (A5, A9)")
    func refusals() async throws {
        let edge = try TestEdge()
        let listener = try await edge.listen()
        try await beside({ await listener.run() }) {
            func attempt(_ hub: TestHub) async -> PeerSessionEnd? {
                await #expect(throws: PeerDialError.self) { try await hub.connect(edge, listener.port) }?.end
            }
            #expect(await attempt(TestHub(clusterName: "stranger"))?.error?.code == .notPeered)
            // Both sides find this out; which word comes first is open.
            let role = await attempt(TestHub(role: .agent))
            #expect(role?.error?.code == .identity || role?.code == .refusal)
            let version = await attempt(TestHub(versions: 2...3))
            #expect(version?.message.contains("upgrade the agent of rome") == true)
            edge.epoch.withLock { $0 = 9 }
            let stale = await attempt(TestHub(epoch: 8))
            #expect(stale?.message.contains("epoch 8") == true)
            edge.epoch.withLock { $0 = 0 }

            let hub = TestHub()
            let identity = try edge.authority.makeIdentity(.peerClient(clusterID: hub.clusterID), now: wallClock())
            let serial = identity.leaf.serialNumber
            edge.revoked.withLock { $0 = [serial] }
            let tls = try PeerTLS.dialler(
                identity: identity, authorities: [edge.authority.certificate], peerClusterID: edge.clusterID)
            let revoked = await #expect(throws: PeerDialError.self) {
                try await hub.dialler(listener.port).connect(tls: tls, hello: hub.hello())
            }
            #expect(revoked?.end.code == .untrusted)
            #expect(revoked?.isTransient == false)
        }
    }

    @Test("a hello that names another cluster than the certificate is refused (A5)")
    func impostor() async throws {
        let edge = try TestEdge()
        let listener = try await edge.listen()
        try await beside({ await listener.run() }) {
            let tls = try TestHub(clusterName: "other").context(for: edge)
            let error = await #expect(throws: PeerDialError.self) {
                try await TestHub().dialler(listener.port).connect(tls: tls, hello: TestHub().hello())
            }
            #expect(error?.end.error?.code == .identity)
        }
    }

    @Test("messages reach the owner, goodbye ends the session with its reason and epoch")
    func messages() async throws {
        let edge = try TestEdge { connection in
            connection.advertise(
                AdvertiseMessage(
                    capacity: ["cpu": "2"], allocatable: ["cpu": "1"], architecture: "amd64",
                    conditions: [.init(type: "Ready", status: "True")]))
            for await event in connection.events {
                if case .received(.renew) = event {
                    connection.renewed(RenewedMessage(certificateChain: "new", authority: "same"))
                    await connection.close(.unpeered, message: "over", epoch: 7)
                }
            }
        }
        let listener = try await edge.listen()
        try await beside({ await listener.run() }) {
            let connection = try await TestHub().connect(edge, listener.port)
            var seen: [String] = []
            for await event in connection.events {
                switch event {
                case .received(let message):
                    seen.append(message.type)
                    if case .advertise = message { connection.renew(RenewMessage(certificateRequest: "csr")) }
                case .lost(let end):
                    seen.append("lost")
                    #expect(end.goodbye?.reason == .unpeered)
                    #expect(end.goodbye?.epoch == 7)
                default: break
                }
            }
            #expect(seen == ["advertise", "renewed", "lost"])
            #expect(await eventually { await connection.roundTripTime() == nil })
        }
    }

    @Test("the reconnecting dialler is back after a cut, with waits as the back-off says, until it is told to stop")
    func reconnecting() async throws {
        let edge = try TestEdge()
        let listener = try await edge.listen()
        let port = listener.port
        let hub = TestHub()
        let waits = Collected<Duration>()
        let served = Collected<String>()
        try await beside({ await listener.run() }) {
            await hub.dialler(port).run(
                surroundings: .init(random: { 1 }, sleep: { waits.add($0) }),
                tls: { try hub.context(for: edge) }, hello: { hub.hello() },
                failed: { error in
                    served.add("failed")
                    return served.all.count < 6 ? .retry : .stop
                },
                serve: { connection in
                    served.add(connection.peer.clusterName)
                    if served.all.count == 2 { await listener.close() }
                })
        }
        #expect(served.all == ["rome", "rome", "failed", "failed", "failed", "failed"])
        // A peer that may still be back in time is dialled often: the growing waits come later.
        #expect(waits.all.map { Int($0 / .milliseconds(1)) } == [200, 200, 400, 500, 500])
    }
}
