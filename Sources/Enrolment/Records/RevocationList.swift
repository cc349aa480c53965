import Digests
import Synchronization
public import TLSTransport

/// The fingerprints of revoked certificates, for the handshake of every connection: asked on event loops, never blocks.
public final class RevocationList: Sendable {
    private let fingerprints = Mutex<Set<String>>([])

    public func contains(_ certificate: Certificate) -> Bool {
        let fingerprint = Hex.encode(certificate.fingerprint)
        return fingerprints.withLock { $0.contains(fingerprint) }
    }

    func replace(with records: some Sequence<PeeringRecord>) {
        let all = Set(records.flatMap { $0.revoked.map(\.fingerprint) })
        fingerprints.withLock { $0 = all }
    }
}
