import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesClient
import KubernetesModel
import NIOCore
import NIOHTTP1
import Testing

@Suite("Resources whose newest version is younger than the server")
struct ServedVersionsTests {
    private static func group(_ versions: [String]) -> JSON {
        ["kind": "APIGroup", "versions": .array(versions.map { ["version": .string($0)] })]
    }

    @Test(
        "are asked in what discovery shows, which is asked for once, and read as the newest",
        arguments: [(["v1", "v1beta1"], "v1"), (["v1beta1"], "v1beta1"), (["v7"], "v1")])
    func discovered(_ versions: [String], _ expected: String) async throws {
        try await CannedServer.run { request in
            guard request.path != "/apis/policy" else { return CannedServer.json(.ok, Self.group(versions)) }
            let apiVersion = request.path.split(separator: "/").dropFirst().prefix(2).joined(separator: "/")
            return CannedServer.json(
                .ok, ["apiVersion": .string(apiVersion), "kind": "PodDisruptionBudget", "metadata": ["name": "b"]])
        } test: { server, client in
            for _ in 0..<2 {
                let budget = try await client.get(.podDisruptionBudgets, namespace: "shop", name: "b")
                #expect(budget.apiVersion == "policy/v1")
            }
            _ = try await client.update(
                .podDisruptionBudgets, KubernetesObject(.podDisruptionBudgets, name: "b", namespace: "shop"))
            let path = "/apis/policy/\(expected)/namespaces/shop/poddisruptionbudgets/b"
            #expect(server.requests.map(\.path) == ["/apis/policy", path, path, path])
            let sent = try JSON(parsing: #require(server.requests.last).body.readableBytesView)
            #expect(sent["apiVersion"]?.string == "policy/\(expected)")
        }
    }

    @Test("others are asked as they are, without a question")
    func others() async throws {
        try await CannedServer.run { _ in
            CannedServer.json(.ok, ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"]])
        } test: { server, client in
            _ = try await client.get(.pods, namespace: "shop", name: "p")
            #expect(server.lines == ["GET /api/v1/namespaces/shop/pods/p"])
        }
    }
}
