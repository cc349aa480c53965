import ClusterBootstrap
import KubernetesModel
import TLSTransport

/// The peering authority of a daemon on a real cluster, kept in the Secret `peering-authority`, with what takes over from it or
/// what it has taken over from: one object, so that each step is whole.
struct SecretAuthority: AuthorityStore {
    static let secret = "peering-authority"
    private static let certificate = "ca.crt"
    private static let key = "ca.key"
    private static let nextCertificate = "next.crt"
    private static let nextKey = "next.key"
    private static let formerCertificate = "former.crt"
    private static let formerUntil = "former.until"

    let secrets: SystemSecrets

    /// The authorities there are; the first one is made once.
    ///
    /// - Throws: `DamagedSecret`; what the cluster throws.
    func load(clusterID: String, now: Int64) async throws -> StoredAuthorities {
        if let known = try await authorities(now: now) { return known }
        let authority = try CertificateAuthority.create(commonName: "causeway peering \(clusterID)", now: now)
        do {
            try await secrets.create(
                Self.secret, [Self.certificate: authority.certificate.pem, Self.key: try authority.key.pem])
            return StoredAuthorities(current: authority)
        } catch let error as APIError where error.isAlreadyExists {
            return try Self.read(try await secrets.load(Self.secret) ?? [:], now: now)
        }
    }

    func authorities(now: Int64) async throws -> StoredAuthorities? {
        try await secrets.load(Self.secret).map { try Self.read($0, now: now) }
    }

    func begin(_ next: CertificateAuthority) async throws {
        let key = try next.key.pem
        try await secrets.change(Self.secret) { fields in
            fields[Self.nextCertificate] = next.certificate.pem
            fields[Self.nextKey] = key
        }
    }

    func promote(_ next: CertificateAuthority, over current: CertificateAuthority, now: Int64) async throws {
        let key = try next.key.pem
        try await secrets.change(Self.secret) { fields in
            // Somebody else may have done it meanwhile.
            guard fields[Self.nextCertificate] == next.certificate.pem else { return }
            fields = [
                Self.certificate: next.certificate.pem, Self.key: key,
                Self.formerCertificate: current.certificate.pem,
                Self.formerUntil: String(now + CertificateProfile.peerValidity),
            ]
        }
    }

    private static func read(_ fields: [String: String], now: Int64) throws -> StoredAuthorities {
        do {
            var found = StoredAuthorities(
                current: try CertificateAuthority(
                    certificate: try Certificate(pem: fields[certificate] ?? ""),
                    key: try PrivateKey(pem: fields[key] ?? "")))
            if let next = fields[nextCertificate] {
                found.next = try CertificateAuthority(
                    certificate: try Certificate(pem: next), key: try PrivateKey(pem: fields[nextKey] ?? ""))
            }
            if let former = fields[formerCertificate], let until = fields[formerUntil].flatMap({ Int64($0) }),
                until >= now
            {
                found.former = try Certificate(pem: former)
            }
            return found
        } catch {
            throw DamagedSecret(secret, "it holds no authority (\(error))")
        }
    }
}
