import ClusterAPI
import ClusterBootstrap
import KubernetesModel
import OffloadingModel
import TLSTransport

/// The authority that the API server believes when it asks the hub: in a Secret, so that all replicas share it.
///
/// Each replica issues its own certificate. An authority past two thirds of its life is replaced; the one before stays in the
/// bundle, so that replicas that have not seen the new one yet are still believed.
struct WebhookAuthority: Sendable {
    /// The Secret's name.
    static let secret = "webhook-authority"
    /// The life of an authority, in seconds: 2 years, renewed at two thirds.
    static let validity: Int64 = 2 * 366 * 24 * 3600

    private enum Field {
        static let certificate = "ca.crt"
        static let key = "ca.key"
        static let previous = "previous.crt"
    }

    let authority: CertificateAuthority
    /// PEM of the one before, which is still believed; `nil` where there was none.
    let previous: Certificate?

    /// PEM of all that is believed.
    var bundle: String { authority.certificate.pem + (previous?.pem ?? "") }

    /// What the cluster keeps, made where it is missing, damaged or old.
    ///
    /// - Throws: `APIError` and `ClusterUnreachable`; a conflict where another replica is at it.
    static func current(in cluster: any ClusterAPI, now: Int64) async throws -> WebhookAuthority {
        let secrets = SystemSecrets(cluster)
        let known = try await cluster.find(.secrets, namespace: Names.systemNamespace, name: secret)
        let kept = known.flatMap(read)
        if let kept, now < kept.renewalTime { return kept }
        let new = WebhookAuthority(
            authority: try CertificateAuthority.create(commonName: "causeway-webhook", now: now, validity: validity),
            previous: kept.flatMap { now < $0.authority.certificate.notAfter ? $0.authority.certificate : nil })
        var fields = [
            Field.certificate: new.authority.certificate.pem, Field.key: try new.authority.key.pem,
        ]
        if let previous = new.previous { fields[Field.previous] = previous.pem }
        do {
            if let known { try await secrets.replace(known, fields) } else { try await secrets.create(secret, fields) }
        } catch let error as APIError where error.isAlreadyExists {
            // Another replica was faster: its authority counts, and is read at the next look.
            throw APIError.conflict(.secrets, secret, "another replica made it")
        }
        return new
    }

    private var renewalTime: Int64 {
        let certificate = authority.certificate
        return certificate.notBefore + (certificate.notAfter - certificate.notBefore) / 3 * 2
    }

    /// - Returns: `nil` for what cannot be used, which is made anew: nobody but the API server goes by it.
    private static func read(_ object: KubernetesObject) -> WebhookAuthority? {
        guard let fields = try? SystemSecrets.fields(object), let certificate = fields[Field.certificate],
            let key = fields[Field.key],
            let authority = try? CertificateAuthority(
                certificate: try Certificate(pem: certificate), key: try PrivateKey(pem: key))
        else { return nil }
        return WebhookAuthority(
            authority: authority, previous: fields[Field.previous].flatMap { try? Certificate(pem: $0) })
    }
}
