import Enrolment
import TLSTransport

/// What a daemon keeps of the authorities over its peerings.
struct StoredAuthorities: Sendable {
    var current: CertificateAuthority
    /// What is taking over from it.
    var next: CertificateAuthority?
    /// What it has taken over from, as long as certificates of that one may be good.
    var former: Certificate?

    /// - Parameter clusterID: whom the daemon's own certificate is made out to.
    func peering(_ clusterID: String, now: Int64) throws -> PeeringAuthority {
        try PeeringAuthority(
            authority: current, successor: next, predecessor: former, clusterID: clusterID, now: Int(now))
    }
}

/// Where the authorities are kept: files of the state folder, or a Secret of a real cluster. Each step is whole after a crash
/// anywhere in it.
protocol AuthorityStore: Sendable {
    /// - Returns: `nil` where there is none yet.
    func authorities(now: Int64) async throws -> StoredAuthorities?

    /// Keeps the authority that begins to take over.
    func begin(_ next: CertificateAuthority) async throws

    /// The next authority takes the current one's place.
    func promote(_ next: CertificateAuthority, over current: CertificateAuthority, now: Int64) async throws
}
