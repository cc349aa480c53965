import ClusterAPI
import JSONTree
import KubernetesModel
import NIOHTTP1
import Testing

@testable import EmbeddedCluster

@Suite("Pages of lists")
struct ListWindowTests {
    @Test("versions can be listed for the window's length, and no longer than a tenth more")
    func window() {
        var window = ListWindow(length: .seconds(100))
        let start = ContinuousClock.now
        for second in 0...300 { window.tick(start + .seconds(second), revision: second) }
        #expect(window.oldest <= 200)
        #expect(window.oldest >= 190)
    }

    private static func page(
        _ http: HTTPRequests, _ limit: Int, _ token: String = ""
    ) async throws -> (status: Int, body: JSON, names: [String]) {
        let target = "/api/v1/namespaces/default/podtemplates?limit=\(limit)&continue=\(token)"
        let (status, text) = try await http.get(target)
        let body = try JSON(parsing: text)
        return (status, body, (body["items"]?.array ?? []).compactMap { $0["metadata", "name"]?.string })
    }

    private static func template(_ name: String) -> KubernetesObject {
        KubernetesObject(
            .podTemplates, name: name, namespace: "default",
            ["template": ["spec": ["containers": [["name": "a", "image": "b"]]]]])
    }

    @Test("pages show what was there at the first, and count what is left")
    func consistent() async throws {
        let served = try await HTTPRequests()
        let api = served.cluster.api()
        for number in 0..<7 { _ = try await api.create(.podTemplates, Self.template("t\(number)")) }
        let first = try await Self.page(served, 3)
        #expect(first.names == ["t0", "t1", "t2"])
        #expect(first.body["metadata", "remainingItemCount"]?.int == 4)
        _ = try await api.create(.podTemplates, Self.template("t2-later"))
        try await api.delete(.podTemplates, namespace: "default", name: "t4", DeleteOptions())
        let second = try await Self.page(served, 3, try #require(first.body["metadata", "continue"]?.string))
        #expect(second.names == ["t3", "t4", "t5"])
        #expect(second.body["metadata", "resourceVersion"] == first.body["metadata", "resourceVersion"])
        let last = try await Self.page(served, 3, try #require(second.body["metadata", "continue"]?.string))
        #expect(last.names == ["t6"])
        #expect(last.body["metadata", "continue"] == nil)
        #expect(last.body["metadata", "remainingItemCount"] == nil)
        await served.stop()
    }

    @Test("a list that takes too long gets 410 and a token that goes on with what is newest")
    func expired() async throws {
        let served = try await HTTPRequests()
        let api = served.cluster.api()
        for number in 0..<6 { _ = try await api.create(.podTemplates, Self.template("t\(number)")) }
        let first = try await Self.page(served, 2)
        let token = try #require(first.body["metadata", "continue"]?.string)
        try await api.delete(.podTemplates, namespace: "default", name: "t2", DeleteOptions())
        let store = served.cluster.pipeline.store
        for minute in 0...11 { store.tick(.now + .seconds(60 * minute)) }
        let late = try await Self.page(served, 2, token)
        #expect(late.status == 410)
        #expect(late.body["reason"] == "Expired")
        let fresh = try #require(late.body["metadata", "continue"]?.string)
        let second = try await Self.page(served, 2, fresh)
        #expect(second.names == ["t3", "t4"])
        #expect(second.body["metadata", "resourceVersion"] != first.body["metadata", "resourceVersion"])
        #expect(second.body["metadata", "remainingItemCount"]?.int == 1)
        await served.stop()
    }

    @Test(
        "options that contradict each other are refused",
        arguments: [
            ("resourceVersionMatch=Exact", "forbidden unless resourceVersion is provided"),
            ("resourceVersion=1&resourceVersionMatch=About", #"supported values: \"Exact\", \"NotOlderThan\""#),
            ("resourceVersion=0&resourceVersionMatch=Exact", "is forbidden for resourceVersion"),
            ("resourceVersion=1&resourceVersionMatch=Exact&continue=x", "forbidden when continue is provided"),
            ("resourceVersion=1&continue=x", "specifying resource version is not allowed when using continue"),
            ("sendInitialEvents=true", "sendInitialEvents is forbidden for list"),
            ("watch=1&sendInitialEvents=true", "requires setting resourceVersionMatch to NotOlderThan"),
            ("watch=1&resourceVersion=1&resourceVersionMatch=NotOlderThan", "unless sendInitialEvents is provided"),
        ])
    func contradictions(_ query: String, _ words: String) async throws {
        let served = try await HTTPRequests()
        let (status, text) = try await served.get("/api/v1/configmaps?\(query)")
        #expect(status == (query == "resourceVersion=1&continue=x" ? 400 : 422))
        #expect(text.contains(words), "\(text)")
        await served.stop()
    }

    @Test("a watch that begins with the list has no form as a table, and takes the next that the client names")
    func streamedTable() async throws {
        let served = try await HTTPRequests()
        let target =
            "/api/v1/namespaces?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
            + "&allowWatchBookmarks=true&timeoutSeconds=1"
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io"
        let refused = try await served.get(target, accept: table)
        #expect(refused.0 == 406)
        let (status, text) = try await served.get(target, accept: table + ",application/json")
        #expect(status == 200)
        let events = try text.split(separator: "\n").map { try JSON(parsing: String($0)) }
        #expect(events.first?["object", "kind"] == "Namespace")
        let end = events.first { $0["type"] == "BOOKMARK" }
        #expect(end?["object", "metadata", "annotations", "k8s.io/initial-events-end"] == "true")
        await served.stop()
    }
}
