public import Logging
import PeerTransport
import Synchronization
public import TLSTransport

/// What a cluster shows to peers that dial it, renewed at two thirds of its life; live connections keep what they have.
public final class ServerIdentity: Sendable {
    /// For the listener: always the current one.
    public let tls: TLSContextBox

    private let authority: CertificateAuthority
    /// Whose certificates peers may show.
    private let trusted: [Certificate]
    private let clusterID: String
    private let handshakeTimeout: Duration
    private let revoked: RevocationList
    private let current: Mutex<Identity>

    public init(
        _ authority: PeeringAuthority, clusterID: String, handshakeTimeout: Duration, revoked: RevocationList
    ) throws(TLSError) {
        self.authority = authority.authority
        trusted = authority.trusted
        self.clusterID = clusterID
        self.handshakeTimeout = handshakeTimeout
        self.revoked = revoked
        current = Mutex(authority.identity)
        tls = TLSContextBox(
            try PeerTLS.listener(
                identity: authority.identity, authorities: authority.trusted,
                handshakeTimeout: handshakeTimeout, isRevoked: { revoked.contains($0) }))
    }

    /// Its last second, in seconds since 1970.
    public var notAfter: Int { Int(current.withLock { $0.leaf.notAfter }) }

    /// Renews the identity when it is time.
    public func renew(now: Int) throws(TLSError) -> Bool {
        guard Int64(now) >= current.withLock({ $0.renewalTime }) else { return false }
        let new = try authority.makeIdentity(.peerServer(clusterID: clusterID), now: Int64(now))
        let context = try PeerTLS.listener(
            identity: new, authorities: trusted, handshakeTimeout: handshakeTimeout,
            isRevoked: { [revoked] in revoked.contains($0) })
        tls.replace(with: context)
        current.withLock { $0 = new }
        return true
    }

    /// Keeps the identity good until the task is cancelled.
    public func run(now: @Sendable () -> Int, logger: Logger) async {
        while !Task.isCancelled {
            do {
                if try renew(now: now()) {
                    logger.info(
                        "the own certificate was renewed", metadata: [LogKey.audit: "certificate-renewed"])
                }
            } catch {
                logger.error("the own certificate cannot be renewed", metadata: [LogKey.error: "\(error)"])
            }
            // Certificates live for days; the clock may jump.
            try? await Task.sleep(for: .seconds(600))
        }
    }
}
