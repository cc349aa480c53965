import Glibc
import TLSTransport

/// An authority with a server on loopback and a client, made once for all tests.
struct TestCertificates {
    static let shared = Result { try TestCertificates() }

    let authority: CertificateAuthority
    let server: TLSContextBox
    let clientIdentity: Identity

    private init() throws {
        let now = Int64(time(nil))
        authority = try CertificateAuthority.create(commonName: "test authority", now: now)
        let identity = try authority.makeIdentity(
            .apiServer(dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"]), now: now)
        server = TLSContextBox(
            try TLSContext(
                .server(
                    identity: identity, clientAuthentication: .optional, trust: .certificates([authority.certificate]),
                    alpn: ["http/1.1"])))
        clientIdentity = try authority.makeIdentity(.administrator(), now: now)
    }
}
