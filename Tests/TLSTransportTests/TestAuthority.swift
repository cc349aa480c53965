import NIOCore

@testable import TLSTransport

/// Certificates for one test: an authority and what it issues, at a fixed time unless told otherwise.
struct TestAuthority: Sendable {
    static let now: Int64 = 1_800_000_000

    let authority: CertificateAuthority

    init(_ name: String = "test authority", now: Int64 = TestAuthority.now, validity: Int64 = 10 * 365 * 86400) throws {
        authority = try CertificateAuthority.create(commonName: name, now: now, validity: validity)
    }

    var trust: TLSTrust { .certificates([authority.certificate]) }

    var pin: TLSTrust {
        .pinnedAuthority(subjectPublicKeyInfoSHA256: authority.certificate.subjectPublicKeyInfoSHA256)
    }

    func server(
        dnsNames: [String] = ["localhost"], ipAddresses: [String] = ["127.0.0.1", "::1"],
        now: Int64 = TestAuthority.now,
        validity: Int64 = 86400
    ) throws -> Identity {
        try authority.makeIdentity(
            .apiServer(dnsNames: dnsNames, ipAddresses: ipAddresses, validity: validity), now: now)
    }

    func client(now: Int64 = TestAuthority.now, validity: Int64 = 86400) throws -> Identity {
        try authority.makeIdentity(.administrator(validity: validity), now: now)
    }

    /// A server configuration whose clock stands at `now`.
    func serverConfiguration(
        _ authentication: TLSConfiguration.ClientAuthentication = .none, alpn: [String] = []
    ) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.server(
            identity: try server(), clientAuthentication: authentication, trust: trust, alpn: alpn)
        configuration.verificationTime = { Self.now }
        return configuration
    }

    /// A client configuration whose clock stands at `now`.
    func clientConfiguration(
        identity: Identity? = nil, serverName: String? = "localhost", alpn: [String] = []
    ) -> TLSConfiguration {
        var configuration = TLSConfiguration.client(
            trust: trust, serverName: serverName, identity: identity, alpn: alpn)
        configuration.verificationTime = { Self.now }
        return configuration
    }
}
