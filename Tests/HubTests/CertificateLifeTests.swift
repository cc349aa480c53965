import ClusterAPI
import Digests
import Enrolment
import JSONTree
import KubernetesModel
import OffloadingModel
import Synchronization
import TLSTransport
import TestKit
import Testing

/// A peering outlives its certificates and its authority.
@Suite("Certificates that end", .timeLimit(.minutes(5)), .serialized) struct CertificateLifeTests {
    /// Peered, and a pod running.
    private func with(
        _ way: Way, issuerClock: Int = 0, _ body: (PeeredPair, _ pod: KubernetesObject) async throws -> Void
    ) async throws {
        let pair = try await PeeredPair(way)
        pair.setIssuerClock(issuerClock)
        pair.edge.node = FakeNode()
        try await pair.run {
            try await pair.peer()
            try await eventually("peered", within: .seconds(60)) { try await pair.isEstablished() }
            try await pair.offload()
            try await eventually("offloaded", within: .seconds(60)) { try await pair.phase() == "Ready" }
            try await pair.createPod("p")
            try await eventually("the pod is at the edge", within: .seconds(60)) {
                try await pair.edgePod("p") != nil
            }
            try await pair.run(pod: "p")
            try await eventually("Running at the origin", within: .seconds(60)) {
                try await pair.originPod("p")?.status["phase"] == "Running"
            }
            try await body(pair, try #require(try await pair.edgePod("p")))
        }
    }

    @Test(
        "a certificate is renewed at two thirds of its life, and neither pods nor streams notice (F11)",
        arguments: Way.allCases)
    func renewed(_ way: Way) async throws {
        let life = Int(CertificateProfile.peerValidity + CertificateAuthority.backdating)
        // Issued so long ago that it is to be renewed in some seconds.
        let clock = Int(CertificateAuthority.backdating) - life / 3 * 2 + 8
        try await with(way, issuerClock: clock) { pair, pod in
            let before = try #require(try await pair.credentials())
            let origin = try #require(try await pair.originPod("p"))
            let endpoint = try #require(pair.endpoints["liqo-rome"])
            let echo = Echo()
            async let forwarding: Void = endpoint.forward(origin, port: 80, echo.streams)
            try await echo.say("before")

            pair.setIssuerClock(0)
            try await eventually("renewed", within: .seconds(150)) {
                try await pair.credentials().map { $0.identity.leaf.notAfter > before.identity.leaf.notAfter + 86_400 }
                    ?? false
            }
            try await echo.say("after")
            echo.end()
            try await forwarding
            // Both sides note it, whoever issues.
            #expect(pair.hubAudit.count(of: "certificate-renewed") == 1)
            #expect(pair.edgeAudit.count(of: "certificate-renewed") == 1)
            #expect(pair.hubAudit.count(of: "connected") == 1)
            #expect(pair.hubAudit.count(of: "disconnected") == 0)
            #expect(try await pair.edgePod("p")?.uid == pod.uid)

            // The next connection is made with it.
            await pair.stopDialler()
            try await pair.startDialler()
            try await eventually("connected anew", within: .seconds(60)) {
                pair.hubAudit.count(of: "connected") == 2
            }
        }
    }

    @Test(
        "a certificate that ended while its holder was away says what to do, and a new token goes on from there (F11)",
        arguments: Way.allCases)
    func endedWhileAway(_ way: Way) async throws {
        try await with(way) { pair, pod in
            await pair.stopDialler()
            await pair.stopIssuer()
            try await pair.age(by: 40 * 86_400)
            try await pair.startIssuer()
            try await pair.startDialler()
            let told = try await eventually("it is told", within: .seconds(60)) { () -> PeeringCondition? in
                let told = try await pair.authentication()
                return told?.reason == "CertificateExpired" ? told : nil
            }
            #expect(told.status == .error)
            #expect(told.message.contains("has expired; peer again with a new token"))
            #expect(try await pair.edgePod("p")?.uid == pod.uid)

            try await pair.peer()
            try await eventually("peered anew", within: .seconds(60)) {
                guard try await pair.isEstablished() else { return false }
                return try await pair.authentication()?.status == .established
            }
            #expect(try await pair.edgePod("p")?.uid == pod.uid)
        }
    }

    @Test(
        "one authority takes over from another with both trusted, and nobody peers again (F11)", arguments: Way.allCases
    )
    func rolled(_ way: Way) async throws {
        try await with(way) { pair, pod in
            let old = pair.issuer.current
            let next = try CertificateAuthority.create(commonName: "next", now: Int64(PeeredPair.now()))
            func restart(with authorities: PeeredPair.Authorities) async throws {
                await pair.stopIssuer()
                pair.issuer = authorities
                try await pair.startIssuer()
            }

            try await restart(with: .init(current: old, next: next))
            try await eventually("the peer has a certificate of the next authority", within: .seconds(60)) {
                try await pair.credentials()?.identity.leaf.issuer == next.certificate.subject
            }
            #expect(try await pair.credentials()?.authorities.count == 2)
            // With it, it connects to a server that still shows the old one.
            await pair.stopDialler()
            try await pair.startDialler()
            let pin = Hex.encode(next.certificate.subjectPublicKeyInfoSHA256)
            try await eventually("it has shown the certificate", within: .seconds(60)) {
                try await pair.shownAuthority() == pin
            }

            let before = pair.hubAudit.count(of: "connected")
            try await restart(with: .init(current: next, former: old))
            try await eventually("connected to the next authority's server", within: .seconds(60)) {
                pair.hubAudit.count(of: "connected") > before
            }
            try await eventually("established", within: .seconds(60)) { try await pair.isEstablished() }
            #expect(try await pair.edgePod("p")?.uid == pod.uid)
        }
    }

    @Test(
        "a peer that comes late still gets in with a certificate of the former authority (F11)", arguments: Way.allCases
    )
    func late(_ way: Way) async throws {
        try await with(way) { pair, pod in
            let old = pair.issuer.current
            let next = try CertificateAuthority.create(commonName: "next", now: Int64(PeeredPair.now()))
            let oldIdentity = try #require(try await pair.credentials()).identity
            await pair.stopIssuer()
            pair.issuer = .init(current: old, next: next)
            try await pair.startIssuer()
            try await eventually("it trusts both", within: .seconds(60)) {
                try await pair.credentials()?.authorities.count == 2
            }
            // It is restored from before, but for whom it trusts.
            await pair.stopDialler()
            try await pair.restore(oldIdentity)
            await pair.stopIssuer()
            pair.issuer = .init(current: next, former: old)
            try await pair.startIssuer()
            let before = pair.hubAudit.count(of: "connected")
            try await pair.startDialler()
            try await eventually("connected", within: .seconds(60)) { pair.hubAudit.count(of: "connected") > before }
            #expect(try await pair.edgePod("p")?.uid == pod.uid)
        }
    }

    /// One end of a connection whose other end says everything back.
    private final class Echo: Sendable {
        private let received = Mutex<[UInt8]>([])
        private let chunks: AsyncStream<[UInt8]>
        private let input: AsyncStream<[UInt8]>.Continuation

        init() { (chunks, input) = AsyncStream.makeStream() }

        var streams: ByteStreams {
            ByteStreams(
                receive: { [chunks] in
                    var iterator = chunks.makeAsyncIterator()
                    return await iterator.next()
                }, send: { [self] bytes in received.withLock { $0 += bytes } })
        }

        /// Sends a word and waits until it is back.
        func say(_ word: String) async throws {
            input.yield(Array(word.utf8))
            try await eventually("\(word) is back", within: .seconds(60)) {
                String(decoding: received.withLock { $0 }, as: UTF8.self).hasSuffix(word)
            }
        }

        func end() { input.finish() }
    }
}
