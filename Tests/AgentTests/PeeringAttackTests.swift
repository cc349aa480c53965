import ClusterAPI
import Digests
import Enrolment
import JSONTree
import KubernetesModel
import Logging
import NIOCore
import NIOPosix
import OffloadingModel
import PeerTransport
import Sessions
import Synchronization
import TestKit
import Testing
import Wire

@testable import Agent
@testable import TLSTransport

/// What somebody with a certificate, or without, tries at an agent's port.
@Suite("Attacks on a peering", .timeLimit(.minutes(1))) struct PeeringAttackTests {
    /// Everything that was logged, at any level.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }

        var logger: Logger {
            var logger = Logger(label: "test") { _ in Handler(lines: self) }
            logger.logLevel = .trace
            return logger
        }

        struct Handler: LogHandler {
            let lines: Lines
            var logLevel = Logger.Level.trace
            var metadata: Logger.Metadata = [:]
            subscript(metadataKey key: String) -> Logger.Metadata.Value? {
                get { metadata[key] }
                set { metadata[key] = newValue }
            }
            func log(event: LogEvent) {
                let all = metadata.merging(event.metadata ?? [:]) { $1 }
                let text = all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
                lines.lines.withLock { $0.append("\(event.message) \(text)") }
            }
        }

        /// Waits for an audit event of a name, and gives its line.
        func event(_ name: String) async throws -> String {
            try await eventually("the audit event \(name)") { all.last { $0.contains("audit=\(name) ") } }
        }
    }

    private func dial(_ port: Int, _ tls: TLSContext, as id: String = "hub-1") async throws -> PeerConnection {
        try await PeerDialler(
            PeerAddress(host: "127.0.0.1", port: port), group: .singletonMultiThreadedEventLoopGroup
        ).connect(
            tls: tls,
            hello: HelloMessage(softwareVersion: "1", clusterID: id, clusterName: "cloud", role: .hub, epoch: 9))
    }

    private func tls(_ edge: TestEdge, _ identity: Identity) throws -> TLSContext {
        try PeerTLS.dialler(
            identity: identity, authorities: [edge.authority.certificate], peerClusterID: TestEdge.clusterID)
    }

    @Test(
        "certificates out of their time, of another use, of another authority, and never issued are refused, and noted with why (A5)",
        arguments: ["expired", "not yet valid", "a server's", "self-made", "never issued", "with a name too many"])
    func certificates(_ kind: String) async throws {
        let edge = try await TestEdge()
        let lines = Lines()
        let now = Int64(TestEdge.now())
        try await edge.run(logger: lines.logger) { port in
            // The real hub is peered, and stays.
            let hub = try await TestHub().connect(port, try await TestHub().enrol(port, try await edge.token()))
            let profile = CertificateProfile.peerClient(clusterID: "hub-1", validity: 3600)
            let identity: Identity
            switch kind {
            case "expired": identity = try edge.authority.makeIdentity(profile, now: now - 7200)
            case "not yet valid": identity = try edge.authority.makeIdentity(profile, now: now + 3600)
            case "a server's": identity = try edge.authority.makeIdentity(.peerServer(clusterID: "hub-1"), now: now)
            case "self-made":
                identity = try CertificateAuthority.create(commonName: "edge", now: now).makeIdentity(profile, now: now)
            case "with a name too many":
                var wider = profile
                wider.dnsNames = ["hub.example"]
                identity = try edge.authority.makeIdentity(wider, now: now)
            default: identity = try edge.authority.makeIdentity(profile, now: now)
            }
            let context = try tls(edge, identity)
            let error = await #expect(throws: PeerDialError.self) { _ = try await dial(port, context) }
            let isKnownToTLS = kind != "never issued"
            #expect(error?.end.code == (isKnownToTLS ? .untrusted : .refused), "\(String(describing: error))")
            #expect(error?.isTransient == false)
            let line = try await lines.event(isKnownToTLS ? "certificate-refused" : "peer-refused")
            #expect(line.contains("fingerprint=\(Hex.encode(identity.leaf.fingerprint))"))
            if kind == "not yet valid" { #expect(line.contains("not valid yet; check the clocks")) }
            if kind == "expired" { #expect(line.contains("has expired")) }
            await hub.close()
        }
    }

    @Test("a certificate speaks for its own cluster only, and so does what it is renewed to (A5, A6)")
    func another() async throws {
        let edge = try await TestEdge()
        let lines = Lines()
        try await edge.run(logger: lines.logger) { port in
            let own = try await TestHub().enrol(port, try await edge.token())
            let other = try await TestHub(id: "hub-2", name: "sky").enrol(port, try await edge.token())
            let error = await #expect(throws: PeerDialError.self) {
                _ = try await dial(port, try tls(edge, other.identity), as: "hub-1")
            }
            #expect(error?.end.error?.code == .identity)
            // A request for another name, over a connection that proves this one.
            let connection = try await dial(port, try tls(edge, own.identity))
            let key = try PrivateKey.generate()
            connection.renew(
                RenewMessage(certificateRequest: try CertificateRequest.make(key: key, commonName: "hub-2").pem))
            var renewed: RenewedMessage?
            for await event in connection.events {
                if case .received(.renewed(let answer)) = event {
                    renewed = answer
                    break
                }
            }
            let answer = try #require(renewed)
            let chain = try Certificate.chain(pem: answer.certificateChain)
            let leaf = try #require(chain.first)
            #expect(leaf.subject.commonName == "hub-1")
            #expect(CertificateProfile.peerClient(clusterID: "hub-1").describes(leaf))
            let line = try await lines.event("certificate-renewed")
            #expect(line.contains("fingerprint=\(Hex.encode(leaf.fingerprint))"))
            await connection.close()
        }
    }

    @Test(
        "TLS below 1.3, and another application protocol or none, do not come as far as a hello", arguments: [0, 1, 2])
    func protocols(_ kind: Int) async throws {
        let edge = try await TestEdge()
        try await edge.run { port in
            let identity = try await TestHub().enrol(port, try await edge.token()).identity
            var configuration = TLSConfiguration.client(
                trust: .certificates([edge.authority.certificate]), serverName: nil, identity: identity,
                alpn: kind == 0 ? [ProtocolVersion.applicationProtocol] : kind == 1 ? ["h2"] : [])
            if kind == 0 {
                configuration.minimumVersion = .tls1_2
                configuration.maximumVersion = .tls1_2
            }
            let context = try TLSContext(configuration)
            let error = await #expect(throws: PeerDialError.self) { _ = try await dial(port, context) }
            // A peer that speaks neither is refused in the handshake; whichever side finds it first.
            #expect(error?.end.code == .untrusted || error?.end.code == .lost, "\(String(describing: error))")
        }
    }

    @Test("an address that brings refused tokens has to wait, and a good one is not looked at meanwhile (A3)")
    func guesses() async throws {
        let edge = try await TestEdge()
        let lines = Lines()
        try await edge.run(logger: lines.logger) { port in
            let good = try await edge.token()
            for guess in 0..<10 {
                let token = try PeerToken.make(
                    randomBytes: [UInt8](repeating: UInt8(guess), count: PeerToken.randomByteCount),
                    authorityPin: good.authorityPin)
                let error = await #expect(throws: PeerDialError.self) { _ = try await TestHub().enrol(port, token) }
                #expect(error?.end.error?.code == .tokenRefused)
            }
            let error = await #expect(throws: PeerDialError.self) { _ = try await TestHub().enrol(port, good) }
            #expect(error?.end.error?.code == .busy)
            _ = try await lines.event("token-refused-unseen")
            let refusal = try await lines.event("token-refused")
            #expect(refusal.contains("reason=there is no such token"))
        }
    }

    @Test(
        "a name that is taken is refused with a good token, which stays good; one that is over is deleted, and both are noted"
    )
    func names() async throws {
        let edge = try await TestEdge()
        let late = try PeerToken.make(
            randomBytes: [UInt8](repeating: 5, count: PeerToken.randomByteCount),
            authorityPin: edge.authority.certificate.subjectPublicKeyInfoSHA256)
        let record = try TokenRecord(
            token: late, secretHash: SHA256.hash(late.secret), now: TestEdge.now() - 100, lifetime: 10)
        _ = try await edge.cluster.create(.secrets, record.secret)
        let lines = Lines()
        try await edge.run(logger: lines.logger) { port in
            _ = try await TestHub().enrol(port, try await edge.token())
            let token = try await edge.token()
            let error = await #expect(throws: PeerDialError.self) {
                _ = try await TestHub(id: "hub-2", name: "cloud").enrol(port, token)
            }
            #expect(error?.end.error?.code == .identity)
            #expect(try await lines.event("enrolment-refused").contains("token.id=\(token.id)"))
            _ = try await TestHub(id: "hub-2", name: "sky").enrol(port, token)
            #expect(try await lines.event("token-over").contains("token.id=\(late.id)"))
        }
    }

    @Test(
        "a hub that reaches for the machine, for namespaces of the edge's own or of another hub is refused and noted (A8)"
    )
    func reach() async throws {
        let edge = try await TestEdge()
        let lines = Lines()
        try await edge.run(logger: lines.logger) { port in
            let other = Conversation(
                try await TestHub(id: "hub-2", name: "sky").connect(
                    port, try await TestHub(id: "hub-2", name: "sky").enrol(port, try await edge.token())),
                wanting: [
                    .namespace("theirs"): .namespace(
                        DesiredNamespace(originName: "theirs", remoteName: "theirs", mapping: "EnforceSameName"))
                ])
            try await eventually("another hub has its namespace") {
                try await edge.cluster.find(.namespaces, name: "theirs") != nil
            }
            let system: [ItemKey: DesiredContent] = [
                .namespace("x"): .namespace(
                    DesiredNamespace(originName: "x", remoteName: "kube-system", mapping: "SelectedName")),
                .pod("theirs", "p"): .pod(
                    DesiredPod(
                        originUID: "u9", remoteNamespace: "theirs",
                        object: ["spec": ["containers": [["name": "c", "image": "nginx"]]]])),
                // Of a kind that belongs to the whole cluster.
                ItemKey(kind: "ClusterRoleBinding", name: "b"): .other(["roleRef": ["name": "cluster-admin"]]),
                ItemKey(kind: "Secret", namespace: "theirs", name: "s"): .object(
                    DesiredObject(remoteNamespace: "theirs", fields: ["data": ["k": "MQ=="]])),
            ]
            let wants = system.merging(Bench.namespace) { $1 }
                .merging(Bench.pod("p", spec: ["hostNetwork": true, "containers": []])) { $1 }
            let hub = Conversation(
                try await TestHub().connect(port, try await TestHub().enrol(port, try await edge.token())),
                wanting: wants)
            try await eventually("the pod is refused") { hub.pod("p")?.refused?.reason == "NotAllowed" }
            for what in ["reason=spec.hostNetwork", "namespace=kube-system", "key=Pod/theirs/p", "key=Secret/theirs/s"]
            {
                try await eventually(what) {
                    lines.all.contains { $0.contains("audit=scope-violation") && $0.contains(what) }
                }
            }
            #expect(try await edge.cluster.list(.pods).items.isEmpty)
            #expect(try await edge.cluster.find(.namespaces, name: "kube-system") == nil)
            let written = edge.cluster.log.filter { $0.hasPrefix("create") }
            #expect(!written.contains { $0.contains("clusterrole") || $0.contains("secrets theirs/") }, "\(written)")
            await hub.connection.close()
            await other.connection.close()
        }
    }

    @Test("no secret is logged, at any level, in a peering's whole life (A1)")
    func secrets() async throws {
        let edge = try await TestEdge()
        let lines = Lines()
        var secrets: [String] = []
        try await edge.run(logger: lines.logger) { port in
            let (token, wrong) = (try await edge.token(), try await edge.token())
            let altered = try PeerToken.make(
                randomBytes: [UInt8](repeating: 9, count: PeerToken.randomByteCount), authorityPin: wrong.authorityPin)
            await #expect(throws: PeerDialError.self) { _ = try await TestHub().enrol(port, altered) }
            let enrolment = try await TestHub().enrol(port, token)
            await #expect(throws: PeerDialError.self) { _ = try await TestHub().enrol(port, token) }
            let connection = try await TestHub().connect(port, enrolment)
            await connection.close(.unpeered, epoch: 2)
            _ = try await lines.event("peering-ended")
            for token in [token, altered] { secrets += [token.text, token.secretText, Base64.encode(token.secret)] }
            secrets.append(try enrolment.identity.privateKey.pem)
        }
        secrets.append(try edge.authority.key.pem)
        for event in ["token-made", "token-used", "token-refused", "certificate-issued", "connected", "disconnected"] {
            #expect(lines.all.contains { $0.contains("audit=\(event)") }, "no \(event) was logged")
        }
        for secret in secrets {
            // A piece of it is as bad.
            let piece = secret.hasPrefix("-----") ? String(secret.dropFirst(40).prefix(40)) : secret
            #expect(!lines.all.contains { $0.contains(piece) })
        }
        #expect(!lines.all.contains { $0.contains("PRIVATE KEY") })
    }
}
