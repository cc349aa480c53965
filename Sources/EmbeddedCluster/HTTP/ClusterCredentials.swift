import Digests
import JSONTree
import TLSTransport

/// The keys and certificates of a cluster, kept in its state folder: authority, server, administrator.
///
/// Made once and kept over restarts. The server's and the administrator's certificates are made anew when two thirds of
/// their life have passed or when the server's names have changed; the authority stays.
struct ClusterCredentials: Sendable {
    let authority: CertificateAuthority
    let server: Identity
    let administrator: Identity

    /// Reads the credentials of a folder, making what is missing. Blocks on the file system.
    ///
    /// - Parameter names: DNS names and IP addresses under which the server is reached.
    static func load(
        folder: String, cluster: String, names: [String], now: Int64
    ) throws -> ClusterCredentials {
        let authority = try loadAuthority(folder: folder, cluster: cluster, now: now)
        let addresses = names.filter(isAddress)
        let profile = CertificateProfile.apiServer(
            dnsNames: names.filter { !isAddress($0) }, ipAddresses: addresses)
        return ClusterCredentials(
            authority: authority,
            server: try loadIdentity("apiserver", folder, profile, authority, now),
            administrator: try loadIdentity("admin", folder, .administrator(), authority, now))
    }

    private static func isAddress(_ name: String) -> Bool {
        name.contains(":") || name.split(separator: ".").allSatisfy { UInt8($0) != nil }
    }

    private static func loadAuthority(folder: String, cluster: String, now: Int64) throws -> CertificateAuthority {
        let (certificatePath, keyPath) = (folder + "/ca.crt", folder + "/ca.key")
        if let stored = try StateFolder.read(certificatePath) {
            let key = String(decoding: try KeyFile.read(keyPath), as: UTF8.self)
            do {
                return try CertificateAuthority(
                    certificate: try Certificate(pem: String(decoding: stored, as: UTF8.self)),
                    key: try PrivateKey(pem: key))
            } catch {
                throw StoreError(
                    .corrupt,
                    "\(certificatePath) and \(keyPath) are no authority (\(error)): restore them, or remove both; every "
                        + "kubeconfig that trusts the old one must be replaced then")
            }
        }
        let authority = try CertificateAuthority.create(commonName: "\(cluster)-ca", now: now)
        // The key first: a certificate without its key would be taken for a finished pair.
        try KeyFile.write(Array(try authority.key.pem.utf8), to: keyPath)
        try KeyFile.write(Array(authority.certificate.pem.utf8), to: certificatePath)
        return authority
    }

    private static func loadIdentity(
        _ name: String, _ folder: String, _ profile: CertificateProfile, _ authority: CertificateAuthority,
        _ now: Int64
    ) throws -> Identity {
        let (certificatePath, keyPath) = ("\(folder)/\(name).crt", "\(folder)/\(name).key")
        if try StateFolder.read(certificatePath) != nil, try StateFolder.read(keyPath) != nil {
            let stored: Identity
            do {
                stored = try Identity.load(certificatesPath: certificatePath, privateKeyPath: keyPath)
            } catch {
                throw StoreError(.corrupt, "\(error): remove the file, and another one is made")
            }
            if profile.describes(stored.leaf), stored.renewalTime > now,
                stored.leaf.issuer == authority.certificate.subject
            {
                return stored
            }
        }
        let identity = try authority.makeIdentity(profile, now: now)
        try identity.save(certificatesPath: certificatePath, privateKeyPath: keyPath)
        return identity
    }

    /// When the first of the certificates is due for renewal, in seconds since 1970.
    var renewalTime: Int64 { min(server.renewalTime, administrator.renewalTime) }

    /// The administrator's kubeconfig.
    func kubeconfig(cluster: String, server address: String) throws -> String {
        func data(_ pem: String) -> String { Base64.encode(pem.utf8) }
        // JSON strings are YAML strings: whatever the name holds, it stays one value.
        let name = JSON.string(cluster).text()
        return """
            apiVersion: v1
            kind: Config
            clusters:
            - name: \(name)
              cluster:
                certificate-authority-data: \(data(authority.certificate.pem))
                server: \(address)
            contexts:
            - name: \(name)
              context:
                cluster: \(name)
                user: \(name)
            current-context: \(name)
            preferences: {}
            users:
            - name: \(name)
              user:
                client-certificate-data: \(data(administrator.certificatesPEM))
                client-key-data: \(data(try administrator.privateKey.pem))

            """
    }
}
