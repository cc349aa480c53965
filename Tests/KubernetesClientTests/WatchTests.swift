import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesClient
import KubernetesModel
import NIOCore
import NIOHTTP1
import Synchronization
import TestKit
import Testing

@Suite struct WatchTests {
    static func event(_ type: String, _ name: String, version: Int) -> String {
        """
        {"type":"\(type)","object":{"kind":"Pod","apiVersion":"v1","metadata":{"name":"\(name)","resourceVersion":"\(version)"}}}

        """
    }

    static func text(_ event: WatchEvent) -> String {
        switch event {
        case .added(let object): "added \(object.name)"
        case .modified(let object): "modified \(object.name)"
        case .deleted(let object): "deleted \(object.name)"
        case .bookmark(let version): "bookmark \(version)"
        }
    }

    /// Streams these pieces and ends.
    static func stream(_ pieces: [String]) -> HTTPResponse {
        HTTPResponse(
            status: .ok, headers: ["Content-Type": "application/json"],
            body: .stream { writer in
                for piece in pieces { try await writer.write(ByteBuffer(string: piece)) }
            })
    }

    @Test("events arrive in order, however the bytes are cut", arguments: [1, 7, 100, 100_000])
    func events(size: Int) async throws {
        let text =
            Self.event("ADDED", "a", version: 1) + Self.event("MODIFIED", "a", version: 2) + "\r\n"
            + Self.event("BOOKMARK", "", version: 9) + Self.event("SURPRISE", "x", version: 9)
            + Self.event("DELETED", "ü", version: 10)
        let bytes = Array(text.utf8)
        try await CannedServer.run { _ in
            HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    for start in stride(from: 0, to: bytes.count, by: size) {
                        try await writer.write(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))
                    }
                })
        } test: { server, client in
            let options = WatchOptions(
                resourceVersion: "5", labelSelector: "a=b", fieldSelector: "c=d", timeoutSeconds: 30)
            var seen: [String] = []
            for try await event in try await client.watch(.pods, namespace: "demo", options) {
                seen.append(Self.text(event))
            }
            #expect(seen == ["added a", "modified a", "bookmark 9", "deleted ü"])
            #expect(
                server.lines == [
                    "GET /api/v1/namespaces/demo/pods?watch=true&resourceVersion=5&labelSelector=a%3Db&fieldSelector=c%3Dd"
                        + "&allowWatchBookmarks=true&timeoutSeconds=30"
                ])
        }
    }

    @Test("a version that is too old is an expired error, said at once or as an event", arguments: [true, false])
    func expired(asEvent: Bool) async throws {
        let status = APIError.expired("too old resource version: 1 (500)").status
        try await CannedServer.run { _ in
            asEvent
                ? Self.stream([
                    Self.event("ADDED", "a", version: 2), "{\"type\":\"ERROR\",\"object\":\(status.text())}\n",
                ])
                : CannedServer.json(.gone, status)
        } test: { _, client in
            let error = try await #require(throws: APIError.self) {
                for try await _ in try await client.watch(.pods, namespace: nil, WatchOptions(resourceVersion: "1")) {}
            }
            #expect(error.isExpired)
            #expect(error.message == "too old resource version: 1 (500)")
        }
    }

    @Test(
        "a watch that breaks is an error and not its end",
        arguments: ["{\"type\":\"ADDED\"", "nonsense\n", "{\"type\":\"ADDED\"}\n", "[]\n"])
    func broken(text: String) async throws {
        try await CannedServer.run { _ in
            Self.stream([Self.event("ADDED", "a", version: 1), text])
        } test: { _, client in
            let seen = Mutex(0)
            await #expect(throws: ClusterUnreachable.self) {
                for try await _ in try await client.watch(.pods, namespace: nil, WatchOptions(resourceVersion: "1")) {
                    seen.withLock { $0 += 1 }
                }
            }
            #expect(seen.withLock { $0 } == 1)
        }
    }

    @Test(
        "a server that goes away in a watch is unreachable, and so is one that falls silent", arguments: [true, false])
    func lost(dies: Bool) async throws {
        struct Death: Error {}
        try await CannedServer.run { _ in
            HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    try await writer.write(ByteBuffer(string: Self.event("ADDED", "a", version: 1)))
                    if dies { throw Death() }
                    try await Task.sleep(for: .seconds(60))
                })
        } configure: { configuration, _ in
            configuration.watchSilenceLimit = .milliseconds(200)
        } test: { _, client in
            await #expect(throws: ClusterUnreachable.self) {
                for try await _ in try await client.watch(.pods, namespace: nil, WatchOptions(resourceVersion: "1")) {}
            }
        }
    }

    @Test("watches do not use up the connections of requests, and end with their tasks")
    func manyWatches() async throws {
        let ended = Atomic(0)
        try await CannedServer.run { request in
            guard request.query["watch"] != nil else { return CannedServer.json(.ok, ["kind": "Pod"]) }
            return HTTPResponse(
                status: .ok,
                body: .stream { writer in
                    try await writer.write(ByteBuffer(string: Self.event("ADDED", "a", version: 1)))
                    try? await Task.sleep(for: .seconds(60))
                    ended.add(1, ordering: .relaxed)
                })
        } configure: { configuration, _ in
            configuration.http.maxConnections = 2
        } test: { _, client in
            let (started, start) = AsyncStream.makeStream(of: Void.self)
            let tasks = (0..<10).map { _ in
                Task {
                    for try await _ in try await client.watch(.pods, namespace: nil, WatchOptions(resourceVersion: "1"))
                    {
                        start.yield()
                    }
                }
            }
            var count = 0
            for await _ in started {
                count += 1
                if count == tasks.count { break }
            }
            #expect(try await client.get(.pods, namespace: "demo", name: "a").kind == "Pod")
            for task in tasks { task.cancel() }
            for task in tasks { _ = await task.result }
            try await eventually("the server's tasks have ended") { ended.load(ordering: .relaxed) == tasks.count }
        }
    }

    @Test("a log comes in pieces, with its options; a refusal is the API's error")
    func logs() async throws {
        try await CannedServer.run { request in
            request.path.contains("/missing/")
                ? CannedServer.json(.notFound, APIError.notFound(.pods, "missing").status)
                : Self.stream(["line 1\n", "line", " 2\n"])
        } test: { server, client in
            var log: [UInt8] = []
            let options = LogOptions(container: "web", follow: true, timestamps: true, tailLines: 5, sinceSeconds: 60)
            for try await piece in try await client.podLogs(namespace: "demo", name: "a", options) { log += piece }
            #expect(String(decoding: log, as: UTF8.self) == "line 1\nline 2\n")
            #expect(
                server.lines == [
                    "GET /api/v1/namespaces/demo/pods/a/log?container=web&follow=true&timestamps=true&tailLines=5&sinceSeconds=60"
                ])
            let error = try await #require(throws: APIError.self) {
                try await client.podLogs(namespace: "demo", name: "missing", LogOptions())
            }
            #expect(error.isNotFound)
        }
    }
}
