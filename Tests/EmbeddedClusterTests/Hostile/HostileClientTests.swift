import HTTPTransport
import JSONTree
import NIOCore
import NIOHTTP1
import Synchronization
import TLSTransport
import TestKit
import Testing

@testable import EmbeddedCluster

/// Clients that misbehave against a server in a process of its own, over TLS: each is answered or cut off, within memory
/// that is measured, while another client is served.
@Suite("Hostile clients", .serialized)
struct HostileClientTests {
    private static let maps = "/api/v1/namespaces/default/configmaps"
    private static let json: HTTPHeaders = ["Content-Type": "application/json"]

    /// How many events a reader has seen.
    private final class Progress: Sendable {
        let count = Mutex(0)
    }

    private struct Scene {
        let server: ServerProcess
        let client: HTTPClient
        let administrator: TLSContextBox
        let anonymous: TLSContextBox
        let port: Int

        init() async throws {
            server = try ServerProcess(folder: TemporaryFolder())
            client = try await server.client()
            port = try server.folder.servedPort()
            let authority = try server.folder.authority()
            func context(_ identity: Identity?) throws -> TLSContextBox {
                TLSContextBox(
                    try TLSContext(
                        .client(
                            trust: .certificates([authority.certificate]), serverName: "127.0.0.1", identity: identity))
                )
            }
            administrator = try context(authority.makeIdentity(.administrator(), now: ServerProcess.now))
            anonymous = try context(nil)
        }

        func end() {
            client.shutDown()
            server.kill()
        }
    }

    /// Does the same many times at once.
    private static func manyTimes(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<count { group.addTask { try await body(number) } }
            try await group.waitForAll()
        }
    }

    private static func list(_ value: String, _ count: Int) -> String {
        "[" + String(repeating: value + ",", count: count - 1) + value + "]"
    }

    @Test("handshakes that are never finished, and headers without an end")
    func halfOpen() async throws {
        let scene = try await Scene()
        let (port, anonymous) = (scene.port, scene.anonymous)
        try await Bystander(scene.client).watch(scene.server, megabytes: 200) {
            var open: [RawConnection] = []
            for number in 0..<2500 {
                guard let connection = try? await RawConnection.connect(port: port) else { continue }
                // Half a ClientHello, or nothing.
                if number % 2 == 0 { try? await connection.send(bytes: [0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3]) }
                open.append(connection)
            }
            try await Self.manyTimes(50) { _ in
                guard let flood = try? await RawConnection.connect(port: port, tls: anonymous) else { return }
                try? await flood.send("GET / HTTP/1.1\r\nHost: x\r\n")
                for _ in 0..<2000 {
                    guard !flood.isClosed else { break }
                    try? await flood.send("X-Header: \(String(repeating: "y", count: 200))\r\n")
                }
                let answer = try? await flood.receivedUntilClosed()
                #expect(answer?.isEmpty != false || answer?.hasPrefix("HTTP/1.1 431 ") == true)
            }
            for connection in open { try? await connection.close() }
        }
        scene.end()
    }

    /// A text with the status that answers it; shown by its name, for it is megabytes long.
    struct Text: Sendable, CustomTestStringConvertible {
        let what: String
        let body: String
        let status: Int
        var testDescription: String { what }

        init(_ what: String, _ body: String, _ status: Int) {
            self.what = what
            self.body = body
            self.status = status
        }
    }

    @Test(
        "texts that are no objects",
        arguments: [
            Text("deep", String(repeating: "[", count: 3_000_000), 400),
            Text("deep objects", String(repeating: #"{"a":"#, count: 500_000), 400),
            Text("many lists", list("[]", 1_000_000), 400),
            Text("many objects in an object", #"{"data":\#(list("{}", 900_000))}"#, 400),
            Text("many keys", "{" + (0..<200_000).map { #""k\#($0)":"""# }.joined(separator: ",") + "}", 201),
            Text("the same key", "{" + String(repeating: #""a":1,"#, count: 400_000) + #""a":1}"#, 201),
            Text("a huge number", #"{"data":\#(String(repeating: "9", count: 2_000_000))}"#, 400),
            Text("a large exponent", #"{"metadata":{"name":"x","generation":1e999999999}}"#, 400),
            Text("a NUL in a name", #"{"metadata":{"name":"a\u0000b"}}"#, 422),
            Text("too large", String(repeating: " ", count: 3 * 1024 * 1024 + 1), 413),
        ])
    func bodies(_ text: Text) async throws {
        let (what, body, status) = (text.what, text.body, text.status)
        let scene = try await Scene()
        let administrator = try scene.server.folder.http(
            port: scene.port,
            scene.server.folder.authority().makeIdentity(.administrator(), now: ServerProcess.now))
        print(what)
        // Six parsers at once, of debug builds' sizes.
        try await Bystander(scene.client).watch(scene.server, patience: .seconds(20), megabytes: 1200) {
            try await Self.manyTimes(6) { number in
                let name = "x\(number)"
                let named = status == 201 ? #"{"metadata":{"name":"\#(name)"},"# + body.dropFirst() : body
                let answer = try await administrator.send(.POST, Self.maps, headers: Self.json, named)
                #expect(answer.0 == status, "\(what): \(answer.1.prefix(300))")
                #expect(answer.1.utf8.count < 4 << 20)
                if status != 201 { #expect(try JSON(parsing: answer.1)["kind"] == "Status") }
            }
        }
        administrator.shutDown()
        scene.end()
    }

    @Test("bytes that are no text")
    func notText() async throws {
        let scene = try await Scene()
        for bytes in [[0xFF, 0xFE], [0x22, 0xC3, 0x28, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0], [0x22, 0, 0x22]]
            as [[UInt8]]
        {
            let request = HTTPClientRequest(.POST, Self.maps, headers: Self.json, body: ByteBuffer(bytes: bytes))
            let answer = try await scene.client.execute(request)
            #expect(answer.status == .badRequest)
            #expect(try JSON(parsing: String(buffer: answer.body))["kind"] == "Status")
        }
        let compressed = HTTPClientRequest(
            .POST, Self.maps, headers: ["Content-Type": "application/json", "Content-Encoding": "gzip"],
            body: ByteBuffer(bytes: [0x1F, 0x8B, 8, 0]))
        #expect(try await scene.client.execute(compressed).status == .unsupportedMediaType)
        scene.end()
    }

    @Test("watches that are never read are cut off, others see every change")
    func slowWatches() async throws {
        let scene = try await Scene()
        let (port, administrator, client) = (scene.port, scene.administrator, scene.client)
        try await Bystander(client).watch(scene.server, megabytes: 400) {
            var slow: [RawConnection] = []
            for _ in 0..<40 {
                let watch = try await RawConnection.connect(port: port, tls: administrator)
                try await watch.send("GET \(Self.maps)?watch=1 HTTP/1.1\r\nHost: x\r\n\r\n")
                try await watch.received { text, _ in text.contains("200 OK") }
                try await watch.stopReading()
                slow.append(watch)
            }
            let progress = Progress()
            var reader = CrashWatcher(
                client: client, selector: "", after: try await CrashTests.list(client).version,
                note: { _ in progress.count.withLock { $0 += 1 } })
            async let seen = { () async throws -> Int in
                try await reader.run()
                return reader.events.count
            }()
            let padding = String(repeating: "x", count: 200_000)
            for turn in 0..<150 {
                let object: JSON = ["metadata": ["name": .string("n\(turn)")], "data": ["v": .string(padding)]]
                #expect(try await client.send(.POST, Self.maps, headers: Self.json, object.text()).0 == 201)
                // Whoever is 16 MB behind is cut off, whether it does not read or has no processor to do so.
                try await eventually("the reader keeps up", within: .seconds(60)) {
                    progress.count.withLock { $0 } + 40 > turn
                }
            }
            let last: JSON = ["metadata": ["name": .string(CrashWatcher.last)]]
            _ = try await client.send(.POST, Self.maps, headers: Self.json, last.text())
            #expect(try await seen == 151)
            for watch in slow { try? await watch.close() }
        }
        scene.end()
    }

    @Test("a thousand watches see every change")
    func manyWatches() async throws {
        let scene = try await Scene()
        let (port, administrator, client) = (scene.port, scene.administrator, scene.client)
        try await Bystander(client).watch(scene.server, patience: .seconds(10), megabytes: 400) {
            var watches: [RawConnection] = []
            for _ in 0..<1000 {
                let watch = try await RawConnection.connect(port: port, tls: administrator)
                try await watch.send("GET \(Self.maps)?watch=1 HTTP/1.1\r\nHost: x\r\n\r\n")
                watches.append(watch)
            }
            for watch in watches { try await watch.received { text, _ in text.contains("200 OK") } }
            for turn in 0..<5 {
                let object: JSON = ["metadata": ["name": .string("n\(turn)")]]
                #expect(try await client.send(.POST, Self.maps, headers: Self.json, object.text()).0 == 201)
            }
            for watch in watches {
                try await watch.received(within: .seconds(60)) { text, _ in text.contains(#""name":"n4""#) }
                try await watch.close()
            }
        }
        scene.end()
    }

    @Test("large lists that nobody reads")
    func unreadLists() async throws {
        let scene = try await Scene()
        let (port, administrator, client, id) = (scene.port, scene.administrator, scene.client, scene.server.id)
        let padding = String(repeating: "x", count: 1_000_000)
        for turn in 0..<10 {
            let object: JSON = ["metadata": ["name": .string("n\(turn)")], "data": ["v": .string(padding)]]
            #expect(try await client.send(.POST, Self.maps, headers: Self.json, object.text()).0 == 201)
        }
        // 60 times 100 lists of 10 MB are asked for.
        try await Bystander(client).watch(scene.server, patience: .seconds(10), megabytes: 700) {
            let greedy = Mutex<[RawConnection]>([])
            try await Self.manyTimes(60) { _ in
                let one = try await RawConnection.connect(port: port, tls: administrator)
                try await one.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
                try await one.received { text, _ in text.contains("200 OK") }
                try await one.stopReading()
                try? await one.send(String(repeating: "GET \(Self.maps) HTTP/1.1\r\nHost: x\r\n\r\n", count: 100))
                greedy.withLock { $0.append(one) }
            }
            // All are asked for at once; the server holds what it will when it takes no more for a while.
            try await ServerProcess.settles(id)
            // Whoever does not read waits for the other side's goodbye in vain.
            let open = greedy.withLock { $0 }
            try await Self.manyTimes(open.count) { try? await open[$0].close() }
        }
        #expect(try await CrashTests.list(client).objects.count == 10)
        scene.end()
    }

    @Test("patches and defaults that would make an object explode")
    func explosions() async throws {
        let scene = try await Scene()
        let client = scene.client
        let padding = String(repeating: "x", count: 100_000)
        let object: JSON = ["metadata": ["name": "x"], "data": ["v": .string(padding)]]
        #expect(try await client.send(.POST, Self.maps, headers: Self.json, object.text()).0 == 201)
        try await Bystander(client).watch(scene.server, megabytes: 300) {
            let copies = (0..<200).map { #"{"op":"copy","from":"/data","path":"/data/k\#($0)"}"# }.joined(
                separator: ",")
            let answer = try await client.send(
                .PATCH, "\(Self.maps)/x", headers: ["Content-Type": "application/json-patch+json"], "[\(copies)]")
            #expect(answer.0 == 413, "\(answer.1.prefix(300))")
            // Grown step by step, by patches that are each within all limits.
            var status = 200
            for turn in 0..<8 where status == 200 {
                let patch: JSON = ["data": ["k\(turn)": .string(String(repeating: "x", count: 900_000))]]
                status = try await client.send(
                    .PATCH, "\(Self.maps)/x", headers: ["Content-Type": "application/merge-patch+json"], patch.text()
                ).0
            }
            #expect([413, 422].contains(status))
        }
        scene.end()
    }

    @Test("custom resources with schemas made to be slow, deep or huge")
    func schemas() async throws {
        let scene = try await Scene()
        let client = scene.client
        @Sendable func definition(_ name: String, _ schema: JSON) -> JSON {
            [
                "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                "metadata": ["name": .string("\(name)s.test.io")],
                "spec": [
                    "group": "test.io", "scope": "Namespaced",
                    "names": ["plural": .string("\(name)s"), "singular": .string(name), "kind": .string(name)],
                    "versions": [
                        [
                            "name": "v1", "served": true, "storage": true,
                            "schema": ["openAPIV3Schema": ["type": "object", "properties": ["spec": schema]]],
                        ]
                    ],
                ],
            ]
        }
        let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
        @Sendable func define(_ name: String, _ schema: JSON) async throws -> (Int, String) {
            try await client.send(.POST, definitions, headers: Self.json, definition(name, schema).text())
        }
        try await Bystander(client).watch(scene.server, patience: .seconds(15), megabytes: 900) {
            #expect(try await define("regex", ["type": "string", "pattern": "^(([a-z])+.)+[A-Z]([a-z])+$"]).0 == 201)
            let resource: JSON = [
                "apiVersion": "test.io/v1", "kind": "regex", "metadata": ["name": "x"],
                "spec": .string(String(repeating: "a", count: 20_000)),
            ]
            let answer = try await eventually("the type is served") { () -> (Int, String)? in
                let answer = try await client.send(
                    .POST, "/apis/test.io/v1/namespaces/default/regexs", headers: Self.json, resource.text())
                return answer.0 == 404 ? nil : answer
            }
            #expect(answer.0 == 422, "\(answer.1.prefix(300))")

            var deep: JSON = ["type": "string"]
            for _ in 0..<50 { deep = ["type": "object", "properties": ["a": deep]] }
            #expect(try await define("deep", deep).0 == 201)
            for _ in 0..<50 { deep = ["type": "object", "properties": ["a": deep]] }
            #expect(try await define("deeper", deep).0 == 400)

            var properties = JSONObject()
            for number in 0..<30_000 { properties["p\(number)"] = ["type": "string", "maxLength": 10] }
            let huge = try await define("huge", ["type": "object", "properties": .object(properties)])
            #expect(huge.0 == 201, "\(huge.1.prefix(300))")
            let bad = try await define(
                "bad", ["type": "string", "pattern": .string(String(repeating: "(", count: 100_000))])
            #expect(bad.0 == 422)
        }
        scene.end()
    }
}
