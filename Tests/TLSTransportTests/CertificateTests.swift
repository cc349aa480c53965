import Testing

@testable import TLSTransport

@Suite struct CertificateTests {
    static let now: Int64 = 1_800_000_000

    @Test("an authority's certificate says that it is one, and for how long")
    func authority() throws {
        let authority = try CertificateAuthority.create(commonName: "europe-cloud", now: Self.now, validity: 3600)
        let certificate = authority.certificate
        #expect(certificate.subject == DistinguishedName(commonName: "europe-cloud"))
        #expect(certificate.issuer == certificate.subject)
        #expect(certificate.isCA && certificate.isSelfSigned)
        #expect(certificate.keyUsages == [.certificateSigning, .revocationListSigning])
        #expect(certificate.notBefore == Self.now - 300)
        #expect(certificate.notAfter == Self.now + 3600)
        #expect(certificate.subjectPublicKeyInfoSHA256.count == 32)
    }
}
