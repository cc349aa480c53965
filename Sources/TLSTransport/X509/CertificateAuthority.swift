import COpenSSL

/// A certificate authority: its self-signed certificate and its key.
public struct CertificateAuthority: Sendable {
    /// How far before the time of issue a certificate's validity starts, in seconds: peers' clocks may differ.
    public static let backdating: Int64 = 300

    /// The default life of an authority, in seconds: ten years, as kubeadm's.
    public static let defaultValidity: Int64 = 3650 * 24 * 3600

    public let certificate: Certificate
    public let key: PrivateKey

    /// An authority from its stored parts.
    ///
    /// - Throws: ``TLSError/Code/invalidInput`` when the certificate is not an authority's or not of this key.
    public init(certificate: Certificate, key: PrivateKey) throws(TLSError) {
        guard certificate.isCA else {
            throw TLSError(.invalidInput, "\(certificate) may not issue certificates; give an authority's")
        }
        guard certificate.publicKey == key.publicKey else {
            throw TLSError(.invalidInput, "the key is not that of \(certificate); give the pair that was made together")
        }
        self.certificate = certificate
        self.key = key
    }

    /// Makes a new authority with a new P-256 key, which may issue leaf certificates only.
    ///
    /// - Parameters:
    ///   - now: the time of issue, in seconds since 1970.
    ///   - validity: its life from `now` on, in seconds.
    public static func create(
        commonName: String, now: Int64, validity: Int64 = defaultValidity
    ) throws(TLSError) -> CertificateAuthority {
        let key = try PrivateKey.generate()
        let name = DistinguishedName(commonName: commonName)
        var builder = try CertificateBuilder()
        try builder.set(
            subject: name, issuer: name, notBefore: now - backdating, notAfter: try end(of: validity, from: now),
            key: key.publicKey)
        try builder.addAuthorityExtensions()
        try builder.addKeyIdentifiers(issuer: nil)
        return try CertificateAuthority(certificate: try builder.sign(with: key), key: key)
    }

    /// Issues a leaf certificate. Only the public key comes from the request; all else comes from the profile.
    ///
    /// - Parameters:
    ///   - now: the time of issue, in seconds since 1970. The validity starts ``backdating`` seconds earlier, but not
    ///     before the authority's, and ends with the authority's at the latest.
    /// - Throws: ``TLSError/Code/invalidInput`` when the profile names nobody or no use, or has a broken name;
    ///   ``TLSError/Code/certificateExpired`` when the authority itself has ended.
    public func issue(
        _ profile: CertificateProfile, for publicKey: PublicKey, now: Int64
    ) throws(TLSError) -> Certificate {
        guard !profile.usages.isDisjoint(with: [.server, .client]) else {
            throw TLSError(
                .invalidInput, "a certificate for “\(profile.commonName)” needs a use: server, client or both")
        }
        guard certificate.notAfter > now else {
            throw TLSError(
                .certificateExpired, "the authority “\(certificate.subject.commonName)” has expired; make a new one")
        }
        var builder = try CertificateBuilder()
        try builder.set(
            subject: profile.subject, issuer: certificate.subject,
            notBefore: max(now - Self.backdating, certificate.notBefore),
            notAfter: min(try Self.end(of: profile.validity, from: now), certificate.notAfter), key: publicKey)
        try builder.addLeafExtensions(profile)
        try builder.addKeyIdentifiers(issuer: certificate)
        return try builder.sign(with: key)
    }

    /// Issues a leaf certificate for the key of a request; see ``issue(_:for:now:)-(_,PublicKey,_)``.
    public func issue(
        _ profile: CertificateProfile, for request: CertificateRequest, now: Int64
    ) throws(TLSError) -> Certificate {
        try issue(profile, for: request.publicKey, now: now)
    }

    /// Makes a key and its certificate, with this authority's own certificate in the chain, as pinning needs it.
    public func makeIdentity(_ profile: CertificateProfile, now: Int64) throws(TLSError) -> Identity {
        let key = try PrivateKey.generate()
        return try Identity(chain: [try issue(profile, for: key.publicKey, now: now), certificate], privateKey: key)
    }

    private static func end(of validity: Int64, from now: Int64) throws(TLSError) -> Int64 {
        let (end, overflow) = now.addingReportingOverflow(validity)
        // The year 9999 is the last that a certificate can hold.
        guard validity > 0, !overflow, end < 253_402_300_799, now > backdating else {
            throw TLSError(
                .invalidInput, "a validity of \(validity) seconds is not possible; use 1 second to 100 years")
        }
        return end
    }
}
