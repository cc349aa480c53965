import ClusterAPI
import ClusterBootstrap
import Digests
import Glibc
import HTTPTransport
import JSONTree
import KubernetesModel
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import OffloadingModel
import Synchronization
import TLSTransport
import TestKit
import Testing

@testable import AdmissionWebhook

@Suite("The admission webhook", .timeLimit(.minutes(3)))
struct WebhookServerTests {
    private static var logger: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }

    /// A running webhook that gives pods a scheduler, but in the namespace `broken`, of which nothing is known.
    private final class Bench: Sendable {
        let cluster = FakeCluster()
        let server: WebhookServer
        let run: Task<Void, Never>
        private let time: Mutex<Int64>

        init() async throws {
            let start = Int64(Glibc.time(nil))
            let clock = Clock(start)
            server = try await WebhookServer.start(
                .init(host: "127.0.0.1", port: 0, target: nil, names: ["127.0.0.1", "localhost"]), cluster: cluster,
                logger: logger, now: { clock.now }
            ) { pod, namespace in
                switch namespace {
                case "broken": throw APIError.unavailable("away")
                case "malformed": throw JSONError(.field, "spec.clusterSelector: not a selector")
                default: pod.spec["schedulerName"] = "causeway-scheduler"
                }
            }
            time = Mutex(start)
            self.clock = clock
            let server = server
            run = Task { await server.run() }
        }

        let clock: Clock

        func end() async {
            run.cancel()
            await run.value
        }

        /// The registration, once it is as `condition` says.
        func registration(_ condition: (JSON) -> Bool = { _ in true }) async throws -> JSON {
            try await eventually("the registration", within: .seconds(60)) {
                let found = try await self.cluster.find(.mutatingWebhookConfigurations, name: "causeway-hub")
                guard let webhook = found?.json["webhooks"]?[0], condition(webhook) else { return nil }
                return webhook
            }
        }

        /// Asks as an API server does, which believes the registration's authorities and nobody else.
        func ask(_ body: [UInt8], path: String = "/mutate", bundle: String) async throws -> HTTPClientResponse {
            let client = try HTTPClient(
                endpoint: HTTPEndpoint(isSecure: true, host: "127.0.0.1", port: server.port),
                tls: TLSContextBox(
                    try TLSContext(
                        .client(
                            trust: .certificates(try Certificate.chain(pem: bundle)), serverName: "127.0.0.1",
                            alpn: ["http/1.1"]))), group: MultiThreadedEventLoopGroup.singleton)
            defer { client.shutDown() }
            return try await client.execute(HTTPClientRequest(.POST, path, body: ByteBuffer(bytes: body)))
        }

        func bundle(_ webhook: JSON) throws -> String {
            let text = try #require(webhook["clientConfig"]?["caBundle"]?.string)
            return String(decoding: try #require(Base64.decode(text)), as: UTF8.self)
        }
    }

    private final class Clock: Sendable {
        private let time: Mutex<Int64>
        init(_ time: Int64) { self.time = Mutex(time) }
        var now: Int64 {
            get { time.withLock { $0 } }
            set { time.withLock { $0 = newValue } }
        }
    }

    @Test("an API server finds it by the registration, believes it, and gets a patch")
    func admits() async throws {
        let bench = try await Bench()
        let webhook = try await bench.registration()
        #expect(webhook["clientConfig"]?["url"]?.string == "https://127.0.0.1:\(bench.server.port)/mutate")
        #expect(webhook["failurePolicy"] == "Ignore")
        #expect(webhook["namespaceSelector"] == ["matchLabels": ["liqo.io/scheduling-enabled": "true"]])
        let answer = try await bench.ask(
            AdmissionReviewTests.question().encoded(), bundle: try bench.bundle(webhook))
        #expect(answer.status == .ok)
        let response = try JSON(parsing: answer.body.readableBytesView)["response"]
        #expect(response?["allowed"] == true)
        let patch = try #require(response?["patch"]?.string.flatMap { Base64.decode($0) })
        #expect(
            try JSON(parsing: patch) == [
                ["op": "add", "path": "/spec/schedulerName", "value": "causeway-scheduler"]
            ])
        await bench.end()
    }

    @Test("what cannot be decided is told so that the pod comes in all the same")
    func undecided() async throws {
        let bench = try await Bench()
        let bundle = try bench.bundle(try await bench.registration())
        let away = try await bench.ask(AdmissionReviewTests.question(["namespace": "broken"]).encoded(), bundle: bundle)
        #expect(away.status == .serviceUnavailable)
        let malformed = try await bench.ask(
            AdmissionReviewTests.question(["namespace": "malformed"]).encoded(), bundle: bundle)
        let response = try JSON(parsing: malformed.body.readableBytesView)["response"]
        #expect(response?["allowed"] == true)
        #expect(response?["patch"] == nil)
        #expect(response?["warnings"]?[0]?.string?.contains("spec.clusterSelector") == true)
        let nonsense = try await bench.ask(Array("{}".utf8), bundle: bundle)
        #expect(nonsense.status == .badRequest)
        let elsewhere = try await bench.ask([], path: "/validate", bundle: bundle)
        #expect(elsewhere.status == .notFound)
        await bench.end()
    }

    @Test("a registration that is edited or deleted is mended, and what others put into it stays")
    func mended() async throws {
        let bench = try await Bench()
        let first = try await bench.registration()
        var object = try await bench.cluster.get(.mutatingWebhookConfigurations, namespace: nil, name: "causeway-hub")
        var edited = first
        edited.merge(["failurePolicy": "Fail", "clientConfig": ["caBundle": "eA=="]])
        object.json["webhooks"] = [["name": "other.example.com"], edited]
        _ = try await bench.cluster.update(.mutatingWebhookConfigurations, object)
        try await eventually("the mended registration", within: .seconds(60)) {
            let found = try await bench.cluster.find(.mutatingWebhookConfigurations, name: "causeway-hub")
            return found?.json["webhooks"] == [["name": "other.example.com"], first] ? true : nil
        }
        try await bench.cluster.deleteIfPresent(.mutatingWebhookConfigurations, name: "causeway-hub")
        #expect(try await bench.registration() == first)
        await bench.end()
    }

    @Test("an authority that grows old is replaced, and the one before is believed on")
    func rotation() async throws {
        let bench = try await Bench()
        let first = try await bench.registration()
        let before = try bench.bundle(first)
        bench.clock.now += WebhookAuthority.validity * 3 / 4
        // Any change makes it look at the clock; without one it does every ten minutes.
        try await bench.cluster.deleteIfPresent(.mutatingWebhookConfigurations, name: "causeway-hub")
        let second = try await bench.registration {
            $0["clientConfig"]?["caBundle"] != first["clientConfig"]?["caBundle"]
        }
        let after = try bench.bundle(second)
        #expect(after.hasSuffix(before))
        #expect(try Certificate.chain(pem: after).count == 2)
        await bench.end()
    }

    @Test("a Secret that is deleted is made anew, and the server is believed again")
    func lostSecret() async throws {
        let bench = try await Bench()
        let first = try await bench.registration()
        try await bench.cluster.deleteIfPresent(.secrets, namespace: "causeway-system", name: WebhookAuthority.secret)
        let second = try await bench.registration {
            $0["clientConfig"]?["caBundle"] != first["clientConfig"]?["caBundle"]
        }
        let answer = try await bench.ask(AdmissionReviewTests.question().encoded(), bundle: try bench.bundle(second))
        #expect(answer.status == .ok)
        await bench.end()
    }

    @Test("two replicas that start at once share one authority")
    func replicas() async throws {
        let cluster = FakeCluster()
        let now = Int64(Glibc.time(nil))
        let authorities = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    while true {
                        do {
                            return try await WebhookAuthority.current(in: cluster, now: now).bundle
                        } catch let error as APIError where error.isConflict {
                            continue
                        }
                    }
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(authorities.count == 1)
    }
}
