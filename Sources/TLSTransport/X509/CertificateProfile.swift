/// Everything that an authority writes into a leaf certificate, apart from the key and the issuer's own fields.
public struct CertificateProfile: Hashable, Sendable {
    /// The life of a cluster's own certificates, in seconds: a year and a day, about as long as kubeadm's.
    public static let defaultValidity: Int64 = 366 * 24 * 3600

    public var commonName: String
    public var organizations: [String]
    public var dnsNames: [String]

    /// Addresses in any text form that `inet_pton` reads.
    public var ipAddresses: [String]
    public var uris: [String]

    /// What the certificate is for: ``KeyUsages/server``, ``KeyUsages/client`` or both; other members are ignored.
    public var usages: KeyUsages

    /// How long it is valid from the time of issue on, in seconds. It ends with its authority at the latest.
    public var validity: Int64

    public init(
        commonName: String, organizations: [String] = [], dnsNames: [String] = [], ipAddresses: [String] = [],
        uris: [String] = [], usages: KeyUsages, validity: Int64 = CertificateProfile.defaultValidity
    ) {
        self.commonName = commonName
        self.organizations = organizations
        self.dnsNames = dnsNames
        self.ipAddresses = ipAddresses
        self.uris = uris
        self.usages = usages
        self.validity = validity
    }

    public var subject: DistinguishedName {
        DistinguishedName(commonName: commonName, organizations: organizations)
    }

    /// Whether a certificate says exactly what this profile says about its holder: subject, names and usages, with
    /// nothing missing and nothing more. Says nothing about validity, issuer or key.
    public func describes(_ certificate: Certificate) -> Bool {
        certificate.subject == subject && !certificate.isCA && !certificate.hasOtherNames
            && Set(certificate.dnsNames) == Set(dnsNames) && Set(certificate.uris) == Set(uris)
            && Set(certificate.ipAddresses.map(IPAddressText.bytes)) == Set(ipAddresses.map(IPAddressText.bytes))
            && certificate.keyUsages == [.digitalSignature, usages.intersection([.server, .client])]
    }
}
