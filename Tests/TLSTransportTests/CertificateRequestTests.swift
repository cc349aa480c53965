import Testing

@testable import TLSTransport

@Suite struct CertificateRequestTests {
    @Test("a request carries its key, through PEM and DER")
    func roundTrip() throws {
        let key = try PrivateKey.generate()
        let request = try CertificateRequest.make(key: key, commonName: "edge")
        #expect(request.publicKey == key.publicKey)
        #expect(request.subject.commonName == "edge")
        #expect(try CertificateRequest(pem: request.pem).der == request.der)
        #expect(try CertificateRequest(der: request.der).publicKey == key.publicKey)
    }

    @Test("a request with any byte of its signature or key changed is refused")
    func tampered() throws {
        let request = try CertificateRequest.make(key: PrivateKey.generate(), commonName: "edge")
        for index in stride(from: request.der.count - 70, to: request.der.count, by: 7) {
            var der = request.der
            der[index] ^= 0x01
            #expect(code { () throws(TLSError) in _ = try CertificateRequest(der: der) } == .invalidInput)
        }
        #expect(
            code { () throws(TLSError) in _ = try CertificateRequest(der: request.der + [0]) } == .invalidInput)
        #expect(code { () throws(TLSError) in _ = try CertificateRequest(pem: "") } == .invalidInput)
    }

    @Test("the authority takes the key from a request and the name from the profile")
    func nameIsNotCopied() throws {
        let key = try PrivateKey.generate()
        let request = try CertificateRequest.make(key: key, commonName: "kubernetes-admin")
        let certificate = try TestAuthority().authority.issue(
            .peerClient(clusterID: "edge"), for: request, now: TestAuthority.now)
        #expect(certificate.publicKey == key.publicKey)
        #expect(certificate.subject == DistinguishedName(commonName: "edge"))
    }

    @Test("a key survives PEM, and is not printed")
    func key() throws {
        let key = try PrivateKey.generate()
        let pem = try key.pem
        #expect(pem.hasPrefix("-----BEGIN PRIVATE KEY-----"))
        #expect(try PrivateKey(pem: pem).publicKey == key.publicKey)
        #expect("\(key)" == "a private key")
        #expect(String(reflecting: key) == "a private key")
    }
}
