import Digests
import Glibc
import Logging
import NIOPosix
import PeerTransport
import Sessions
import TLSTransport
import Wire

/// A listening cluster for tests: its authority, its tokens, and what it does with peers.
final class TestEdge: PeerAcceptor {
    let clusterID: String
    let clusterName: String
    let role: PeerRole
    let authority: CertificateAuthority
    let epoch = Shared(0)
    let records = Shared<[String: TokenRecord]>([:])
    let revoked = Shared<Set<String>>([])
    let connections = Collected<PeerConnection>()
    private let now: Int64
    private let served: @Sendable (PeerConnection) async -> Void

    init(
        _ clusterName: String = "rome", role: PeerRole = .agent, now: Int64 = wallClock(),
        served: @escaping @Sendable (PeerConnection) async -> Void = { for await _ in $0.events {} }
    ) throws {
        self.clusterName = clusterName
        clusterID = "id-of-\(clusterName)"
        self.role = role
        self.served = served
        self.now = now
        authority = try CertificateAuthority.create(commonName: clusterName, now: now)
    }

    func makeToken(boundName: String? = nil) throws -> PeerToken {
        let token = try PeerToken.make(
            randomBytes: try RandomBytes.generate(count: PeerToken.randomByteCount),
            authorityPin: authority.certificate.subjectPublicKeyInfoSHA256)
        let record = try TokenRecord(
            token: token, secretHash: SHA256.hash(token.secret), now: Int(wallClock()), boundName: boundName)
        records.withLock { $0[token.id] = record }
        return token
    }

    func context() throws -> TLSContext {
        let identity = try authority.makeIdentity(.peerServer(clusterID: clusterID), now: now)
        return try PeerTLS.listener(identity: identity, authorities: [authority.certificate]) { [revoked] certificate in
            revoked.withLock { $0.contains(certificate.serialNumber) }
        }
    }

    func listen(
        _ configuration: PeerTransportConfiguration = PeerTransportConfiguration(), host: String = "127.0.0.1",
        halfOpen: PeerListener.HalfOpenLimits = PeerListener.HalfOpenLimits()
    ) async throws -> PeerListener {
        try await PeerListener.bind(
            PeerAddress(host: host, port: 0), tls: TLSContextBox(try context()), acceptor: self,
            configuration: configuration, halfOpen: halfOpen, group: .singletonMultiThreadedEventLoopGroup,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    func hello() -> HelloMessage {
        HelloMessage(
            softwareVersion: "test", clusterID: clusterID, clusterName: clusterName, role: role,
            epoch: epoch.withLock { $0 })
    }

    func enrol(_ request: EnrollMessage, from caller: PeerCaller) async -> EnrolmentAnswer {
        guard let secret = PeerToken.secret(fromText: request.tokenSecret),
            let csr = try? CertificateRequest(pem: request.certificateRequest)
        else { return .tokenRefused }
        let presented = TokenVerification.Presented(
            secretHash: SHA256.hash(secret), clusterName: request.clusterName,
            clusterID: request.clusterID, keyHash: csr.publicKey.subjectPublicKeyInfoSHA256, issuer: .agent)
        let isGood = records.withLock { records in
            switch TokenVerification.verify(
                records[request.tokenID], presented: presented, now: Int(wallClock()),
                equals: { constantTimeEquals($0, $1) })
            {
            case .accepted(let record):
                records[request.tokenID] = record
                return true
            case .repeated: return true
            case .refused: return false
            }
        }
        guard isGood,
            let leaf = try? authority.issue(.peerClient(clusterID: request.clusterID), for: csr, now: now)
        else { return .tokenRefused }
        return .enrolled(
            EnrolledMessage(
                certificateChain: leaf.pem, authority: authority.certificate.pem, clusterID: clusterID,
                clusterName: clusterName))
    }

    func admit(_ caller: PeerCaller) async -> PeerAdmission {
        caller.clusterID == "id-of-stranger"
            ? .refuse(ErrorMessage(code: .notPeered, message: "you are not peered here")) : .accept(hello())
    }

    func serve(_ connection: PeerConnection) async {
        connections.add(connection)
        await served(connection)
    }
}

/// Seconds since 1970.
func wallClock() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec)
}
