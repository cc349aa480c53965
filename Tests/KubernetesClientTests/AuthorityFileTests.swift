import ClusterAPI
import Foundation
import HTTPTransport
import JSONTree
import KubernetesClient
import KubernetesModel
import NIOHTTP1
import TLSTransport
import TestKit
import Testing

@Suite("An authority in a file", .timeLimit(.minutes(1)))
struct AuthorityFileTests {
    private let folder = TemporaryFolder()

    private func write(_ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder.path)/ca.crt"))
    }

    @Test("that was replaced is believed as soon as the server shows a certificate of it, and a half one is not")
    func replaced() async throws {
        let now = Int64(Date().timeIntervalSince1970)
        try write(try CertificateAuthority.create(commonName: "of old", now: now).certificate.pem)
        let config = KubeconfigTests.config(server: "{server: 'https://127.0.0.1:1', certificate-authority: ca.crt}")
        let connection = try Kubeconfig(parsing: config, file: "\(folder.path)/config").connection()
        try await CannedServer.run { _ in
            CannedServer.json(.ok, ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"]])
        } configure: { _, tested in
            tested.tls?.trust = connection.tls?.trust ?? .system
            tested.authority = connection.authority
        } test: { _, client in
            await #expect(throws: ClusterUnreachable.self) {
                try await client.get(.pods, namespace: "shop", name: "p")
            }
            try write("-----BEGIN CERTIFICATE-----\nhalf")
            await #expect(throws: ClusterUnreachable.self) {
                try await client.get(.pods, namespace: "shop", name: "p")
            }
            try write(TestCertificates.shared.get().authority.certificate.pem)
            _ = try await client.get(.pods, namespace: "shop", name: "p")
            _ = try await client.watch(.pods, namespace: "shop", WatchOptions(resourceVersion: "1"))
        }
    }
}
