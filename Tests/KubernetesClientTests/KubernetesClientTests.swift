import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesClient
import KubernetesModel
import NIOCore
import NIOHTTP1
import Synchronization
import TLSTransport
import Testing

@Suite struct KubernetesClientTests {
    static let pod = KubernetesObject(.pods, name: "a", namespace: "demo")

    @Test("every verb is the request that Kubernetes expects")
    func requests() async throws {
        try await CannedServer.run { _ in
            CannedServer.json(.ok, Self.pod.json)
        } test: { server, client in
            #expect(try await client.get(.pods, namespace: "demo", name: "a").name == "a")
            _ = try await client.get(.nodes, namespace: nil, name: "n")
            _ = try await client.create(.pods, Self.pod)
            _ = try await client.create(
                .pods, Self.pod, WriteOptions(fieldManager: "me", isDryRun: true, fieldValidation: .strict))
            _ = try await client.update(.pods, Self.pod)
            _ = try await client.updateStatus(.pods, Self.pod)
            for form in [Patch.Form.json, .merge, .strategic, .apply] {
                _ = try await client.patch(
                    .deployments, namespace: "demo", name: "d", Patch(form, ["x": 1]), subresource: nil,
                    WriteOptions(force: form == .apply))
            }
            try await client.delete(
                .pods, namespace: "demo", name: "a",
                DeleteOptions(gracePeriodSeconds: 0, propagation: .foreground, uid: "u", resourceVersion: "7"))
            _ = try await client.createSubresource(
                .pods, namespace: "demo", name: "a", subresource: "binding", ["kind": "Binding"])
            _ = try await client.get(.foreignClusters, namespace: nil, name: "a/b c")

            #expect(
                server.lines == [
                    "GET /api/v1/namespaces/demo/pods/a",
                    "GET /api/v1/nodes/n",
                    "POST /api/v1/namespaces/demo/pods?fieldManager=causeway",
                    "POST /api/v1/namespaces/demo/pods?fieldManager=me&dryRun=All&fieldValidation=Strict",
                    "PUT /api/v1/namespaces/demo/pods/a?fieldManager=causeway",
                    "PUT /api/v1/namespaces/demo/pods/a/status?fieldManager=causeway",
                    "PATCH /apis/apps/v1/namespaces/demo/deployments/d?fieldManager=causeway",
                    "PATCH /apis/apps/v1/namespaces/demo/deployments/d?fieldManager=causeway",
                    "PATCH /apis/apps/v1/namespaces/demo/deployments/d?fieldManager=causeway",
                    "PATCH /apis/apps/v1/namespaces/demo/deployments/d?fieldManager=causeway&force=true",
                    "DELETE /api/v1/namespaces/demo/pods/a",
                    "POST /api/v1/namespaces/demo/pods/a/binding",
                    "GET /apis/discovery.liqo.io/v1alpha1/foreignclusters/a%2Fb%20c",
                ])
            #expect(
                server.requests.filter { $0.method == .PATCH }.map { $0.headers["content-type"] } == [
                    ["application/json-patch+json"], ["application/merge-patch+json"],
                    ["application/strategic-merge-patch+json"], ["application/apply-patch+yaml"],
                ])
            let deletion = try JSON(parsing: server.requests[10].body.readableBytesView)
            #expect(
                deletion == [
                    "kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0,
                    "propagationPolicy": "Foreground", "preconditions": ["uid": "u", "resourceVersion": "7"],
                ])
            #expect(server.requests[0].peer?.commonName == "kubernetes-admin")
            #expect(server.requests[0].headers["user-agent"] == ["causeway"])
        }
    }

    @Test("the token goes with each request, and the base path before each path")
    func tokenAndBasePath() async throws {
        try await CannedServer.run { _ in
            CannedServer.json(.ok, Self.pod.json)
        } configure: { _, connection in
            connection.token = BearerToken("secret")
            connection.endpoint = HTTPEndpoint(
                isSecure: true, host: "127.0.0.1", port: connection.endpoint.port, basePath: "/k8s/clusters/c-1")
        } test: { server, client in
            _ = try await client.get(.pods, namespace: "demo", name: "a")
            #expect(server.lines == ["GET /k8s/clusters/c-1/api/v1/namespaces/demo/pods/a"])
            #expect(server.requests.first?.headers["authorization"] == ["Bearer secret"])
        }
    }

    @Test("names that are none are refused before anything is sent", arguments: ["", ".", ".."])
    func noName(name: String) async throws {
        try await CannedServer.run { _ in
            CannedServer.json(.ok, [:])
        } test: { server, client in
            let error = try await #require(throws: APIError.self) {
                try await client.get(.pods, namespace: "demo", name: name)
            }
            #expect(error.code == 400)
            await #expect(throws: APIError.self) { try await client.get(.pods, namespace: name, name: "a") }
            await #expect(throws: APIError.self) { try await client.get(.pods, namespace: nil, name: "a") }
            await #expect(throws: APIError.self) { try await client.create(.pods, KubernetesObject(.pods, name: "a")) }
            #expect(server.lines.isEmpty)
        }
    }

    @Test("a Status is the API's error, and an answer of somebody else's becomes one")
    func refusals() async throws {
        let conflict = APIError.conflict(.pods, "a")
        try await CannedServer.run { request in
            switch request.path.split(separator: "/").last {
            case "conflict": CannedServer.json(.conflict, conflict.status)
            case "proxy": HTTPResponse.text(.badGateway, "upstream\nis away")
            case "leases": HTTPResponse.text(.notFound, "404 page not found\n")
            default: HTTPResponse(status: .notFound)
            }
        } test: { _, client in
            let error = try await #require(throws: APIError.self) {
                try await client.get(.pods, namespace: "demo", name: "conflict")
            }
            #expect(error == conflict)
            let proxy = try await #require(throws: APIError.self) {
                try await client.get(.pods, namespace: "demo", name: "proxy")
            }
            #expect(proxy.code == 502)
            #expect(proxy.message.hasSuffix("/pods/proxy with 502 Bad Gateway: upstream is away"))
            #expect(try await client.find(.pods, namespace: "demo", name: "missing") == nil)
            let unknown = try await #require(throws: APIError.self) { try await client.list(.leases, namespace: nil) }
            #expect(unknown.isNotFound && unknown.message.contains("was its CustomResourceDefinition deleted?"))
        }
    }

    @Test("429 with Retry-After is repeated, but not for ever, and not without the header")
    func retryAfter() async throws {
        let count = Atomic(0)
        try await CannedServer.run { request in
            let number = count.add(1, ordering: .relaxed).newValue
            let refusal = APIError.tooManyRequests("slow down", retryAfterSeconds: 0).status
            switch request.path.split(separator: "/").last {
            case "twice" where number > 2: return CannedServer.json(.ok, Self.pod.json)
            case "twice", "always": return CannedServer.json(.tooManyRequests, refusal, ["Retry-After": "0"])
            case "long": return CannedServer.json(.tooManyRequests, refusal, ["Retry-After": "3600"])
            default: return CannedServer.json(.tooManyRequests, refusal)
            }
        } test: { server, client in
            #expect(try await client.get(.pods, namespace: "demo", name: "twice").name == "a")
            #expect(server.lines.count == 3)
            for (name, requests) in [("always", 5), ("long", 1), ("never", 1)] {
                let before = server.lines.count
                let error = try await #require(throws: APIError.self) {
                    try await client.get(.pods, namespace: "demo", name: name)
                }
                #expect(error.reason == .tooManyRequests)
                #expect(server.lines.count - before == requests)
            }
        }
    }

    @Test("no answer is ClusterUnreachable, with the address")
    func unreachable() async throws {
        try await CannedServer.run { request in
            request.path == "/version"
                ? HTTPResponse.text(.ok, "<html>") : CannedServer.json(.ok, [:])
        } test: { _, client in
            let error = try await #require(throws: ClusterUnreachable.self) { try await client.version() }
            #expect(error.message.contains("answered GET /version with something that is not JSON"))
        }
        try await CannedServer.run { _ in
            CannedServer.json(.ok, [:])
        } configure: { _, connection in
            connection.endpoint = HTTPEndpoint(isSecure: true, host: "127.0.0.1", port: 1)
        } test: { _, client in
            for call in [
                { _ = try await client.get(.nodes, namespace: nil, name: "n") },
                { _ = try await client.watch(.nodes, namespace: nil, WatchOptions(resourceVersion: "1")) },
            ] {
                let error = try await #require(throws: ClusterUnreachable.self) { try await call() }
                #expect(error.message.contains("https://127.0.0.1:1, tried for 0."))
            }
        }
    }

    @Test("a cancelled task's request ends with CancellationError")
    func cancellation() async throws {
        try await CannedServer.run { _ in
            try? await Task.sleep(for: .seconds(60))
            return CannedServer.json(.ok, [:])
        } test: { _, client in
            let task = Task { try await client.get(.nodes, namespace: nil, name: "n") }
            try await Task.sleep(for: .milliseconds(10))
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }

    @Test("the version is read")
    func version() async throws {
        let document: JSON = ["major": "1", "minor": "36", "gitVersion": "v1.36.4", "platform": "linux/amd64"]
        try await CannedServer.run { _ in
            CannedServer.json(.ok, document)
        } test: { _, client in
            let version = try await client.version()
            #expect(version == ServerVersion(document))
            #expect(version.gitVersion == "v1.36.4")
        }
    }
}
