import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesClient
import KubernetesModel
import NIOHTTP1
import Testing

@Suite struct ListTests {
    /// Serves ten pods, in pages as asked; the place to go on is the index.
    static func pods(_ request: HTTPRequest) -> JSON {
        let query = request.query
        let start = query["continue"].flatMap { Int($0) } ?? 0
        let limit = query["limit"].flatMap { Int($0) } ?? 10
        let end = min(10, start + limit)
        var metadata: JSON = ["resourceVersion": "42"]
        if end < 10 { metadata["continue"] = .string(String(end)) }
        let items = (start..<end).map {
            JSON.object(["metadata": ["name": .string("pod-\($0)"), "namespace": "demo"]])
        }
        return ["kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": .array(items)]
    }

    @Test(
        "a whole collection is put together from pages, and its items know their kind", arguments: [1, 3, 5, 10, 500])
    func whole(pageSize: Int) async throws {
        try await CannedServer.run {
            CannedServer.json(.ok, Self.pods($0))
        } configure: { configuration, _ in
            configuration.pageSize = pageSize
        } test: { server, client in
            let list = try await client.list(.pods, namespace: "demo")
            #expect(list.items.map(\.name) == (0..<10).map { "pod-\($0)" })
            #expect(list.items.allSatisfy { $0.kind == "Pod" && $0.apiVersion == "v1" })
            #expect(list.resourceVersion == "42")
            #expect(list.continuation.isEmpty)
            #expect(server.lines.count == (9 + pageSize) / pageSize)
        }
    }

    @Test("one page is one request, with its selectors")
    func page() async throws {
        try await CannedServer.run {
            CannedServer.json(.ok, Self.pods($0))
        } test: { server, client in
            let list = try await client.list(
                .pods, namespace: nil,
                ListOptions(labelSelector: "a in (b,c)", fieldSelector: "spec.nodeName=n", limit: 4, continuation: "4"))
            #expect(list.items.map(\.name) == ["pod-4", "pod-5", "pod-6", "pod-7"])
            #expect(list.continuation == "8")
            #expect(
                server.lines == [
                    "GET /api/v1/pods?labelSelector=a%20in%20%28b%2Cc%29&fieldSelector=spec.nodeName%3Dn&limit=4&continue=4"
                ])
        }
    }

    @Test("if the version expires between pages, everything is listed again in one piece")
    func expired() async throws {
        try await CannedServer.run { request in
            if request.query["continue"] != nil {
                return CannedServer.json(.gone, APIError.expired("The provided continue parameter is too old").status)
            }
            return CannedServer.json(.ok, Self.pods(request))
        } configure: { configuration, _ in
            configuration.pageSize = 4
        } test: { server, client in
            let list = try await client.list(.pods)
            #expect(list.items.count == 10)
            #expect(
                server.lines == ["GET /api/v1/pods?limit=4", "GET /api/v1/pods?limit=4&continue=4", "GET /api/v1/pods"])
            await #expect(throws: APIError.self) {
                try await client.list(.pods, namespace: nil, ListOptions(limit: 4, continuation: "4"))
            }
        }
    }

    @Test("something that is no list is not an empty one")
    func noList() async throws {
        try await CannedServer.run { _ in
            CannedServer.json(.ok, ["hello": "world"])
        } test: { _, client in
            await #expect(throws: ClusterUnreachable.self) { try await client.list(.pods) }
        }
    }
}
