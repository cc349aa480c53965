import Testing

@testable import TLSTransport

@Suite struct CertificateTests {
    static let now = TestAuthority.now

    @Test("an authority's certificate says that it is one, and for how long")
    func authority() throws {
        let certificate = try CertificateAuthority.create(commonName: "europe", now: Self.now, validity: 3600)
            .certificate
        #expect(certificate.subject == DistinguishedName(commonName: "europe"))
        #expect(certificate.issuer == certificate.subject)
        #expect(certificate.isCA && certificate.isSelfSigned)
        #expect(certificate.keyUsages == [.certificateSigning, .revocationListSigning])
        #expect(certificate.notBefore == Self.now - 300)
        #expect(certificate.notAfter == Self.now + 3600)
        #expect(certificate.subjectPublicKeyInfoSHA256.count == 32)
    }

    static let profiles: [CertificateProfile] = [
        .administrator(),
        .user("alice", groups: ["dev", "ops"]),
        .apiServer(
            dnsNames: ["localhost", "kubernetes.default.svc"], ipAddresses: ["127.0.0.1", "10.0.0.1", "fd00::1"]),
        .peerServer(clusterID: "0b4e1f2c-5d3a-4a0e-9a53-7d0f1f6a2c11"),
        .peerClient(clusterID: "0b4e1f2c-5d3a-4a0e-9a53-7d0f1f6a2c11"),
        CertificateProfile(
            commonName: "a, b+c=\u{e9}\"", organizations: ["x=y, CN=root"], uris: ["spiffe://a/b,c"],
            usages: [.server, .client]),
    ]

    @Test("what is issued says exactly what its profile says", arguments: profiles)
    func issue(profile: CertificateProfile) throws {
        let authority = try TestAuthority().authority
        let certificate = try authority.issue(profile, for: PrivateKey.generate().publicKey, now: Self.now)
        #expect(profile.describes(certificate))
        #expect(certificate.subject.commonName == profile.commonName)
        #expect(certificate.subject.organizations == profile.organizations)
        #expect(certificate.dnsNames == profile.dnsNames)
        #expect(certificate.ipAddresses == profile.ipAddresses)
        #expect(certificate.uris == profile.uris)
        #expect(certificate.issuer == authority.certificate.subject)
        #expect(!certificate.isCA && !certificate.isSelfSigned)
        #expect(certificate.notBefore == Self.now - CertificateAuthority.backdating)
        #expect(certificate.notAfter == Self.now + profile.validity)
        #expect((1...16).contains(certificate.serialNumber.utf8.count / 2))
    }

    @Test("a profile does not describe a certificate with anything more, less or other (A5)")
    func describes() throws {
        let authority = try TestAuthority().authority
        let profile = CertificateProfile.peerClient(clusterID: "id")
        func issued(_ change: (inout CertificateProfile) -> Void) throws -> Certificate {
            var other = profile
            change(&other)
            return try authority.issue(other, for: PrivateKey.generate().publicKey, now: Self.now)
        }
        #expect(profile.describes(try issued { $0.validity = 5 }))
        #expect(!profile.describes(try issued { $0.commonName = "ID" }))
        #expect(!profile.describes(try issued { $0.organizations = ["system:masters"] }))
        #expect(!profile.describes(try issued { $0.dnsNames = ["id"] }))
        #expect(!profile.describes(try issued { $0.ipAddresses = ["127.0.0.1"] }))
        #expect(!profile.describes(try issued { $0.uris = ["x:y"] }))
        #expect(!profile.describes(try issued { $0.usages = .server }))
        #expect(!profile.describes(try issued { $0.usages = [.server, .client] }))
        #expect(!profile.describes(authority.certificate))
    }

    @Test("PEM and DER bring back the same certificate")
    func coding() throws {
        let authority = try TestAuthority()
        let identity = try authority.server()
        let leaf = identity.leaf
        #expect(try Certificate(der: leaf.der) == leaf)
        #expect(try Certificate(pem: "Bag of words\n" + leaf.pem + "\nmore words") == leaf)
        #expect(try Certificate.chain(pem: identity.certificatesPEM) == identity.chain)
        #expect(leaf.fingerprint != authority.authority.certificate.fingerprint)
        #expect(try Certificate(pem: leaf.pem).hashValue == leaf.hashValue)
    }

    @Test("texts that are not what they should be are refused with a typed error")
    func brokenTexts() throws {
        let pem = try TestAuthority().authority.certificate.pem
        let der = try Certificate(pem: pem).der
        for text in [
            "", "hello", pem + pem, pem.replacing("CERTIFICATE", with: "X"), String(pem.dropLast(40)),
            pem.replacing("M", with: "*"), pem + pem.prefix(200),
        ] {
            #expect(code { () throws(TLSError) in _ = try Certificate(pem: text) } == .invalidInput)
        }
        for bytes in [[], [0x30], der + [0], Array(der.dropLast()), Array(der.dropFirst())] {
            #expect(code { () throws(TLSError) in _ = try Certificate(der: bytes) } == .invalidInput)
        }
        let long = String(repeating: "x", count: Certificate.maximumLength + 1)
        #expect(code { () throws(TLSError) in _ = try Certificate.chain(pem: long) } == .invalidInput)
        #expect(code { () throws(TLSError) in _ = try PrivateKey(pem: pem) } == .invalidInput)
        #expect(code { () throws(TLSError) in _ = try CertificateRequest(pem: pem) } == .invalidInput)
    }

    @Test("profiles that cannot become a certificate are refused")
    func brokenProfiles() throws {
        let authority = try TestAuthority(validity: 1000).authority
        let key = try PrivateKey.generate().publicKey
        var profiles = [CertificateProfile](repeating: .peerServer(clusterID: "id"), count: 8)
        profiles[0].commonName = ""
        profiles[1].commonName = String(repeating: "x", count: 65)
        profiles[2].usages = []
        profiles[3].ipAddresses = ["localhost"]
        profiles[4].dnsNames = [""]
        profiles[5].dnsNames = ["a b"]
        profiles[6].validity = 0
        profiles[7].validity = .max
        for profile in profiles {
            #expect(
                code { () throws(TLSError) in _ = try authority.issue(profile, for: key, now: Self.now) }
                    == .invalidInput)
        }
        #expect(
            code { () throws(TLSError) in
                _ = try authority.issue(.administrator(), for: key, now: Self.now + 1000)
            } == .certificateExpired)
    }

    @Test("a leaf never outlives its authority")
    func validityIsBounded() throws {
        let authority = try TestAuthority(validity: 1000).authority
        let certificate = try authority.issue(
            .administrator(), for: PrivateKey.generate().publicKey, now: Self.now + 10)
        #expect(certificate.notAfter == authority.certificate.notAfter)
        #expect(certificate.notBefore == authority.certificate.notBefore + 10)
    }

    @Test("serial numbers differ")
    func serials() throws {
        let authority = try TestAuthority()
        let serials = try (0..<16).map { _ in try authority.client().leaf.serialNumber }
        #expect(Set(serials).count == 16)
    }

    @Test("an authority is not put together from parts that do not belong together")
    func authorityParts() throws {
        let one = try TestAuthority().authority
        let other = try TestAuthority().authority
        let leaf = try one.makeIdentity(.administrator(), now: Self.now)
        #expect(
            code { () throws(TLSError) in _ = try CertificateAuthority(certificate: one.certificate, key: other.key) }
                == .invalidInput)
        #expect(
            code { () throws(TLSError) in
                _ = try CertificateAuthority(certificate: leaf.leaf, key: leaf.privateKey)
            } == .invalidInput)
        #expect(
            code { () throws(TLSError) in _ = try Identity(chain: leaf.chain, privateKey: other.key) }
                == .invalidInput)
        #expect(code { () throws(TLSError) in _ = try Identity(chain: [], privateKey: other.key) } == .invalidInput)
        let loaded = try CertificateAuthority(
            certificate: Certificate(pem: one.certificate.pem), key: PrivateKey(pem: one.key.pem))
        #expect(loaded.certificate == one.certificate)
    }

    @Test("an identity is due for renewal at two thirds of its life (F11)")
    func renewal() throws {
        let identity = try TestAuthority().client(validity: 3000)
        #expect(identity.renewalTime == Self.now - 300 + 2200)
    }
}

/// The code of the error that `body` throws; nil when it throws none.
func code(_ body: () throws(TLSError) -> Void) -> TLSError.Code? {
    do throws(TLSError) {
        try body()
        return nil
    } catch {
        return error.code
    }
}
