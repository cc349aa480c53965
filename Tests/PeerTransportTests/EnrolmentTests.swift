import Logging
import NIOPosix
import PeerTransport
import Sessions
import TLSTransport
import Testing
import Wire

@Suite(.timeLimit(.minutes(1)))
struct EnrolmentTests {
    @Test("a token becomes a certificate, which then makes a session")
    func enrolment() async throws {
        let edge = try TestEdge()
        let hub = TestHub()
        let listener = try await edge.listen()
        try await beside({ await listener.run() }) {
            let enrolment = try await hub.dialler(listener.port).enrol(
                try edge.makeToken(), clusterID: hub.clusterID, clusterName: hub.clusterName, role: .hub,
                peerClusterID: edge.clusterID)
            #expect(enrolment.clusterName == "rome")
            let tls = try PeerTLS.dialler(
                identity: enrolment.identity, authorities: enrolment.authorities, peerClusterID: enrolment.clusterID)
            let connection = try await hub.dialler(listener.port).connect(tls: tls, hello: hub.hello())
            #expect(connection.peer.clusterName == "rome")
            #expect(connection.agreement.epoch == 1)
            let served = await edge.connections.wait()
            #expect(served.first?.agreement.isNewEpoch == true)
            #expect(served.first?.identity.commonName == hub.clusterID)
            await connection.close()
        }
    }

    @Test("wrong, altered and used tokens get the same words, and another pin gets no token (F10, A4)")
    func refusals() async throws {
        let edge = try TestEdge()
        let hub = TestHub()
        let listener = try await edge.listen()
        try await beside({ await listener.run() }) {
            let dialler = hub.dialler(listener.port)
            func attempt(_ token: PeerToken, name: String = "cloud") async -> PeerDialError? {
                await #expect(throws: PeerDialError.self) {
                    try await dialler.enrol(
                        token, clusterID: hub.clusterID, clusterName: name, role: .hub, peerClusterID: edge.clusterID)
                }
            }
            let used = try edge.makeToken()
            _ = try await dialler.enrol(
                used, clusterID: hub.clusterID, clusterName: "cloud", role: .hub, peerClusterID: nil)
            let unknown = try PeerToken.make(
                randomBytes: [UInt8](repeating: 7, count: PeerToken.randomByteCount), authorityPin: used.authorityPin)
            let bound = try edge.makeToken(boundName: "cloud")
            for error in [await attempt(used), await attempt(unknown), await attempt(bound, name: "other")] {
                #expect(error?.end.error?.code == .tokenRefused)
                #expect(error?.end.message == TokenVerification.refusalMessage)
                #expect(error?.isTransient == false)
            }
            let impostor = try PeerToken.make(
                randomBytes: [UInt8](repeating: 7, count: PeerToken.randomByteCount),
                authorityPin: [UInt8](repeating: 1, count: 32))
            let error = await attempt(impostor)
            #expect(error?.end.code == .untrusted)
            #expect(error?.description.contains("tls://127.0.0.1:\(listener.port)") == true)
        }
    }

    @Test("an edge that is another cluster than the one named gets no token (A4)")
    func wrongCluster() async throws {
        let edge = try TestEdge()
        let listener = try await edge.listen()
        try await beside({ await listener.run() }) {
            let error = await #expect(throws: PeerDialError.self) {
                try await TestHub().dialler(listener.port).enrol(
                    try edge.makeToken(), clusterID: "id-of-cloud", clusterName: "cloud", role: .hub,
                    peerClusterID: "id-of-milan")
            }
            #expect(error?.end.code == .untrusted)
            #expect(edge.records.withLock { $0.values.allSatisfy { $0.use == nil } })
        }
    }

    @Test("without a certificate nothing but an enrolment is possible")
    func anonymousSession() async throws {
        let edge = try TestEdge()
        let listener = try await edge.listen()
        try await beside({ await listener.run() }) {
            let tls = try PeerTLS.enrolment(
                authorityPin: edge.authority.certificate.subjectPublicKeyInfoSHA256, peerClusterID: nil)
            let error = await #expect(throws: PeerDialError.self) {
                try await TestHub().dialler(listener.port).connect(tls: tls, hello: TestHub().hello())
            }
            #expect(error?.end.error?.code == .certificateRequired)
            #expect(await eventually { listener.halfOpenCount == 0 })
        }
    }

    @Test("an address where nobody listens is named with what was tried and how long")
    func nobody() async throws {
        let edge = try TestEdge()
        let listener = try await edge.listen()
        let port = listener.port
        await listener.close()
        let error = await #expect(throws: PeerDialError.self) {
            try await TestHub().connect(edge, port)
        }
        #expect(error?.attempts == ["127.0.0.1:\(port): connection refused"])
        #expect(error?.isTransient == true)
        #expect(error?.description.contains("after") == true)
    }

    @Test("a port that is taken is named")
    func busyPort() async throws {
        let edge = try TestEdge()
        let first = try await edge.listen()
        let error = await #expect(throws: PeerListenerError.self) {
            _ = try await PeerListener.bind(
                PeerAddress(host: "127.0.0.1", port: first.port), tls: TLSContextBox(try edge.context()),
                acceptor: edge, group: .singletonMultiThreadedEventLoopGroup, logger: .init(label: "test"))
        }
        #expect(error?.description.contains("another program uses it") == true)
        await first.close()
    }

    @Test("of many who redeem one token at once, one succeeds (F10, A2)")
    func race() async throws {
        let edge = try TestEdge()
        let listener = try await edge.listen()
        try await beside({ await listener.run() }) {
            let token = try edge.makeToken()
            let successes = await withTaskGroup(of: Bool.self) { group in
                for place in 0..<20 {
                    group.addTask {
                        let enrolment = try? await TestHub().dialler(listener.port).enrol(
                            token, clusterID: "id-\(place)", clusterName: "c", role: .hub, peerClusterID: nil)
                        return enrolment != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(successes == 1)
        }
    }

    @Test("a lost answer is asked for again by the same key, and comes (F10, A2)")
    func lostAnswer() async throws {
        let edge = try TestEdge()
        let listener = try await edge.listen()
        let relay = try await Relay.start(to: listener.port)
        relay.loseAnswer(after: 1)
        try await beside({ await listener.run() }) {
            let token = try edge.makeToken()
            _ = try await TestHub().dialler(relay.port).enrol(
                token, clusterID: "id-of-cloud", clusterName: "cloud", role: .hub, peerClusterID: nil)
            #expect(relay.connectionCount == 2)
            #expect(edge.records.value[token.id]?.use != nil)
        }
        await relay.stop()
    }

    @Test("an attempt to connect that is given up ends at once", .timeLimit(.minutes(1)))
    func givenUp() async throws {
        // A port that accepts and never answers: the relay leads nowhere.
        let edge = try TestEdge()
        let listener = try await edge.listen()
        let relay = try await Relay.start(to: listener.port)
        relay.cut()
        let attempt = Task { try await TestHub().connect(edge, relay.port) }
        try await Task.sleep(for: .milliseconds(50))
        let start = ContinuousClock.now
        attempt.cancel()
        await #expect(throws: CancellationError.self) { _ = try await attempt.value }
        #expect(ContinuousClock.now - start < .seconds(3))
        await relay.stop()
        await listener.close()
    }
}
