import Foundation
import HTTPTransport
import KubernetesClient
import TLSTransport
import TestKit
import Testing

@Suite("The cluster that a pod runs in")
struct InClusterTests {
    private let variables = ["KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"]

    @Test("is found by the variables and files that Kubernetes gives every pod")
    func found() throws {
        let folder = TemporaryFolder()
        try write("secret\n", folder, "token")
        try write(TestCertificates.shared.get().authority.certificate.pem, folder, "ca.crt")
        try write("shop", folder, "namespace")
        let connection = try ClusterConnection.inCluster(environment: variables, folder: folder.path)
        #expect("\(connection.endpoint)" == "https://10.96.0.1:443")
        #expect(connection.tls?.serverName == "10.96.0.1")
        #expect(try connection.token?.current() == "secret")
        #expect(connection.namespace == "shop")
    }

    @Test("what is missing is named")
    func missing() throws {
        let folder = TemporaryFolder()
        func complaint(_ environment: [String: String]) -> String {
            do {
                _ = try ClusterConnection.inCluster(environment: environment, folder: folder.path)
                return "none"
            } catch {
                return "\(error)"
            }
        }
        #expect(complaint([:]).hasPrefix("this process does not run in a pod"))
        #expect(complaint(variables).hasPrefix("\(folder.path)/token: cannot be read"))
        try write("secret", folder, "token")
        #expect(complaint(variables).hasPrefix("\(folder.path)/ca.crt: cannot be read"))
        try write("nothing", folder, "ca.crt")
        #expect(complaint(variables).hasPrefix("\(folder.path)/ca.crt: "))
    }

    private func write(_ text: String, _ folder: TemporaryFolder, _ name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder.path)/\(name)"))
    }
}
