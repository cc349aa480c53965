import Foundation
import Testing

@testable import TLSTransport

/// Checks that `certs/make` makes what the code itself issues.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl"), "needs Debian's package openssl"))
final class CertificateRecipeTests {
    private let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("causeway-certs-\(UUID().uuidString)")
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    private func make(_ arguments: [String]) throws -> Int32 {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let process = Process()
        process.executableURL = root.appendingPathComponent("certs/make")
        process.arguments = ["--out", directory.path] + arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    private func load(_ cluster: String, _ name: String) throws -> Identity {
        let path = directory.appendingPathComponent("\(cluster)/\(name)").path
        return try Identity.load(certificatesPath: path + ".crt", privateKeyPath: path + ".key")
    }

    @Test("the recipe's certificates are those of the code's profiles")
    func profiles() throws {
        #expect(
            try make(["--hub-id", "hub-1", "--agent-id", "edge-1", "--name", "hub.example", "--address", "10.1.2.3"])
                == 0)
        let server = CertificateProfile.apiServer(
            dnsNames: ["localhost", "hub.example"], ipAddresses: ["127.0.0.1", "::1", "10.1.2.3"])
        for (cluster, id, peer) in [("hub", "hub-1", "edge-1"), ("agent", "edge-1", "hub-1")] {
            let root = try load(cluster, "ca")
            let authority = try CertificateAuthority(certificate: root.leaf, key: root.privateKey)
            #expect(authority.certificate.subject == DistinguishedName(commonName: id))
            #expect(authority.certificate.keyUsages == [.certificateSigning, .revocationListSigning])
            let expected: [(String, CertificateProfile)] = [
                ("apiserver", server), ("admin", .administrator()), ("peer-server", .peerServer(clusterID: id)),
                ("peer-client", .peerClient(clusterID: peer)),
            ]
            for (name, profile) in expected {
                let identity = try load(cluster, name)
                #expect(profile.describes(identity.leaf), "\(cluster)/\(name)")
                #expect(identity.chain == [identity.leaf, authority.certificate])
                let life = identity.leaf.notAfter - identity.leaf.notBefore - CertificateAuthority.backdating
                #expect(abs(life - profile.validity) < 5, "\(cluster)/\(name)")
            }
        }
    }

    @Test("the recipe's certificates make a mutual connection, pinned and by name")
    func handshake() throws {
        #expect(try make([]) == 0)
        let root = try load("agent", "ca").leaf
        let server = TLSConfiguration.server(
            identity: try load("agent", "peer-server"), clientAuthentication: .required, trust: .certificates([root]))
        let client = TLSConfiguration.client(
            trust: .pinnedAuthority(subjectPublicKeyInfoSHA256: root.subjectPublicKeyInfoSHA256), serverName: nil,
            identity: try load("agent", "peer-client"))
        let ends = try ChannelEnd.pair(client: client, server: server)
        #expect(ends.client.completed?.peer?.commonName == "causeway-agent")
        #expect(ends.server.completed?.peer?.commonName == "causeway-hub")
    }

    @Test("a second run keeps what is there, and a wrong argument changes nothing")
    func rerun() throws {
        #expect(try make(["--nonsense"]) == 2)
        #expect(try make(["--name", "a b"]) == 2)
        #expect(!FileManager.default.fileExists(atPath: directory.path))
        #expect(try make([]) == 0)
        let first = try load("hub", "ca").leaf
        #expect(try make([]) == 0)
        #expect(try load("hub", "ca").leaf == first)
    }
}
