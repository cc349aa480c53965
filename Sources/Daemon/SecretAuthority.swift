import ClusterBootstrap
import KubernetesModel
import TLSTransport

/// The peering authority of a daemon on a real cluster, kept in the Secret `peering-authority`.
enum SecretAuthority {
    static let secret = "peering-authority"
    private static let certificate = "ca.crt"
    private static let key = "ca.key"

    /// The authority there is; made once.
    ///
    /// - Throws: `DamagedSecret`; what the cluster throws.
    static func load(_ secrets: SystemSecrets, clusterID: String, now: Int64) async throws -> CertificateAuthority {
        if let fields = try await secrets.load(secret) { return try read(fields) }
        let authority = try CertificateAuthority.create(commonName: "causeway peering \(clusterID)", now: now)
        do {
            try await secrets.create(secret, [certificate: authority.certificate.pem, key: try authority.key.pem])
            return authority
        } catch let error as APIError where error.isAlreadyExists {
            return try read(try await secrets.load(secret) ?? [:])
        }
    }

    private static func read(_ fields: [String: String]) throws -> CertificateAuthority {
        do {
            return try CertificateAuthority(
                certificate: try Certificate(pem: fields[certificate] ?? ""),
                key: try PrivateKey(pem: fields[key] ?? ""))
        } catch {
            throw DamagedSecret(secret, "it holds no authority (\(error))")
        }
    }
}
