import Foundation
import KubernetesClient
import Logging
import TestKit
import Testing

/// Against a real Kubernetes, where the variable names one: `scripts/test-kubernetes` does.
@Suite("A real API server", .enabled(if: RealServer.kubeconfig != nil))
struct RealServerTests {
    @Test("keeps the promises of ClusterAPI", arguments: ClusterAPIContract.promises)
    func contract(_ promise: ClusterAPIContract.Promise) async throws {
        let connection = try Kubeconfig.load(path: RealServer.kubeconfig, environment: [:]).connection()
        let client = try KubernetesClient(connection, logger: Logger(label: "test"))
        try await ClusterAPIContract(client, hasServiceAccounts: true).check(promise)
        client.shutDown()
    }
}

private enum RealServer {
    static let kubeconfig = ProcessInfo.processInfo.environment["CAUSEWAY_TEST_KUBECONFIG"]
}
