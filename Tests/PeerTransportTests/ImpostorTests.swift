import Logging
import NIOCore
import NIOPosix
import PeerTransport
import Sessions
import Testing
import Wire

@testable import TLSTransport

/// Listeners that are not what they should be, and what a dialler gives away to them.
@Suite(.timeLimit(.minutes(1)))
struct ImpostorTests {
    enum Impostor: String, CaseIterable, Sendable {
        case expired, notYetValid, ofAnotherPeer, aDiallersCertificate, selfMade, withANameTooMany, olderTLS,
            wrongProtocol
    }

    /// A listener that counts what it hears once TLS is done.
    private final class Listener: PeerAcceptor {
        let heard = Collected<String>()
        func enrol(_ request: EnrollMessage, from caller: PeerCaller) async -> EnrolmentAnswer {
            heard.add("enroll")
            return .tokenRefused
        }
        func admit(_ caller: PeerCaller) async -> PeerAdmission {
            heard.add("hello")
            return .refuse(ErrorMessage(code: .notPeered, message: "no"))
        }
        func serve(_ connection: PeerConnection) async {}
    }

    private static func context(_ impostor: Impostor, _ edge: TestEdge) throws -> TLSContext {
        let now = wallClock()
        var profile = CertificateProfile.peerServer(clusterID: edge.clusterID, validity: 3600)
        var (issuer, time) = (edge.authority, now)
        switch impostor {
        case .expired: time = now - 7200
        case .notYetValid: time = now + 3600
        case .ofAnotherPeer: profile = .peerServer(clusterID: "id-of-milan", validity: 3600)
        case .aDiallersCertificate: profile = .peerClient(clusterID: edge.clusterID, validity: 3600)
        case .selfMade: issuer = try .create(commonName: "rome", now: now)
        case .withANameTooMany: profile.dnsNames = ["rome.example"]
        case .olderTLS, .wrongProtocol: break
        }
        var configuration = TLSConfiguration.server(
            identity: try issuer.makeIdentity(profile, now: time), clientAuthentication: .optional,
            trust: .certificates([edge.authority.certificate]),
            alpn: [impostor == .wrongProtocol ? "h2" : ProtocolVersion.applicationProtocol])
        if impostor == .olderTLS {
            configuration.minimumVersion = .tls1_2
            configuration.maximumVersion = .tls1_2
        }
        return try TLSContext(configuration)
    }

    @Test(
        "a listener that is not the one meant gets neither a hello nor a token, whoever dials (A4, A5)",
        arguments: Impostor.allCases)
    func impostors(_ impostor: Impostor) async throws {
        let edge = try TestEdge()
        let acceptor = Listener()
        let listener = try await PeerListener.bind(
            PeerAddress(host: "127.0.0.1", port: 0), tls: TLSContextBox(try Self.context(impostor, edge)),
            acceptor: acceptor, group: .singletonMultiThreadedEventLoopGroup,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        try await beside({ await listener.run() }) {
            let hub = TestHub()
            let peered = await #expect(throws: PeerDialError.self) {
                _ = try await hub.connect(edge, listener.port)
            }
            let token = try edge.makeToken()
            let enrolling = await #expect(throws: PeerDialError.self) {
                _ = try await hub.dialler(listener.port).enrol(
                    token, clusterID: hub.clusterID, clusterName: hub.clusterName, role: .hub,
                    peerClusterID: edge.clusterID)
            }
            for error in [peered, enrolling] {
                #expect(error?.end.code == .untrusted, "\(String(describing: error))")
                #expect(error?.description.contains(token.secretText) == false)
            }
            #expect(acceptor.heard.all.isEmpty)
        }
    }
}
