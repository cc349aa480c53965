import Enrolment
import TLSTransport

extension PeerCredentials {
    /// What a hub holds for an edge named rome.
    static func rome(_ id: String = "rome-1", epoch: Int) throws -> PeerCredentials {
        let authority = try CertificateAuthority.create(commonName: "edge", now: 1_800_000_000)
        return PeerCredentials(
            clusterID: id, clusterName: "rome",
            identity: try authority.makeIdentity(.peerClient(clusterID: "cloud"), now: 1_800_000_000),
            authorities: [authority.certificate], epoch: epoch)
    }
}
