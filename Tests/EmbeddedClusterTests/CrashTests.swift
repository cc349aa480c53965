import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOHTTP1
import TestKit
import Testing

@testable import EmbeddedCluster

/// What a process that is killed at any moment has acknowledged must be there afterwards.
@Suite("After kill -9", .serialized)
struct CrashTests {
    private static let collection = "/api/v1/namespaces/default/configmaps"
    private static let selector = "parity%3Deven"

    private struct Outcome {
        var writers: [CrashWriter] = []
        var watchers: [CrashWatcher] = []
    }

    private enum Ended {
        case writer(CrashWriter)
        case watcher(CrashWatcher)
        case killer
    }

    @Test("every acknowledged write is there, versions rise, and watches resume without a gap or a repeat (F6, I4)")
    func kill() async throws {
        print("crash test: CAUSEWAY_TEST_SEED=\(CrashSettings.seed)")
        let server = try ServerProcess(folder: TemporaryFolder())
        let client = try await server.client()
        let start = try await Self.list(client)
        let ledger = CrashLedger()
        ledger.told(start.version)
        let outcome = try await Self.load(server, client, ledger, after: start.version)

        // What the writers know is what is there, over HTTP and for the next process.
        var expected: [String: String] = [CrashWatcher.last: ""]
        for writer in outcome.writers { expected.merge(writer.objects.mapValues(\.value)) { first, _ in first } }
        let final = try await Self.list(client)
        #expect(final.objects == expected)
        #expect(final.version >= ledger.highest)
        let even = try await Self.list(client, "?labelSelector=\(Self.selector)").objects
        server.kill()
        client.shutDown()
        let reopened = try await EmbeddedCluster.open(
            ClusterConfiguration(
                name: "child", stateFolder: server.folder.path, servesHTTPS: false, controllers: nil))
        let stored = try await reopened.api().list(.configMaps, namespace: "default")
        #expect(Self.values(stored.items) == expected)
        #expect(Int(stored.resourceVersion) ?? 0 >= final.version)
        await reopened.close()

        Self.check(outcome.watchers, against: outcome.writers, even)
        #expect(ledger.acknowledged > 100)
        #expect(ledger.kills > 3)
        print("crash test: \(ledger.acknowledged) writes acknowledged, \(ledger.kills) kills")
    }

    private static func values(_ objects: [KubernetesObject]) -> [String: String] {
        Dictionary(objects.map { ($0.name, $0.json["data", "v"]?.string ?? "") }) { first, _ in first }
    }

    static func list(
        _ client: HTTPClient, _ query: String = ""
    ) async throws -> (objects: [String: String], version: Int) {
        let (status, text) = try await client.get(collection + query)
        #expect(status == 200)
        let list = try JSON(parsing: text)
        let objects = (list["items"]?.array ?? []).map { KubernetesObject($0) }
        return (values(objects), Int(list["metadata", "resourceVersion"]?.string ?? "") ?? 0)
    }

    /// Writers, watchers, and one who kills, until the time is over; then a last object that ends the watches.
    private static func load(
        _ server: ServerProcess, _ client: HTTPClient, _ ledger: CrashLedger, after version: Int
    ) async throws -> Outcome {
        let end = ContinuousClock.now + CrashSettings.duration
        return try await withThrowingTaskGroup(of: Ended.self) { group in
            for number in 0..<6 {
                group.addTask {
                    var writer = CrashWriter(
                        number: number, seed: CrashSettings.seed, client: client, ledger: ledger)
                    try await writer.run()
                    return .writer(writer)
                }
            }
            for selector in ["", "", Self.selector] {
                group.addTask {
                    var watcher = CrashWatcher(client: client, selector: selector, after: version)
                    try await watcher.run()
                    return .watcher(watcher)
                }
            }
            var choices = SeededChoices(seed: CrashSettings.seed)
            while ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(Int.random(in: 50...1200, using: &choices)))
                ledger.kill()
                try server.restart()
                try await ServerProcess.ready(client)
                ledger.isBack()
            }
            ledger.end()
            var outcome = Outcome()
            while outcome.writers.count < 6, let ended = try await group.next() {
                if case .writer(let writer) = ended { outcome.writers.append(writer) }
            }
            let last: JSON = ["metadata": ["name": .string(CrashWatcher.last), "labels": ["parity": "even"]]]
            let (status, text) = try await client.send(
                .POST, collection, headers: ["Content-Type": "application/json"], last.text())
            #expect(status == 201, "\(text)")
            while let ended = try await group.next() {
                if case .watcher(let watcher) = ended { outcome.watchers.append(watcher) }
            }
            return outcome
        }
    }

    private static func check(
        _ watchers: [CrashWatcher], against writers: [CrashWriter], _ even: [String: String]
    ) {
        var expected: [String: [String?]] = [CrashWatcher.last: [""]]
        for writer in writers { expected.merge(writer.history) { first, _ in first } }
        for watcher in watchers { #expect(watcher.resumptions > 3) }

        let complete = watchers.filter { $0.selector.isEmpty }
        #expect(complete.count == 2)
        for watcher in complete {
            var seen: [String: [String?]] = [:]
            for event in watcher.events {
                let isFirst = seen[event.name]?.last.flatMap { $0 } == nil
                #expect((event.type == "ADDED") == (isFirst && event.type != "DELETED"), "\(event)")
                seen[event.name, default: []].append(event.type == "DELETED" ? nil : event.value)
            }
            #expect(seen == expected)
        }
        #expect(complete.first?.events == complete.last?.events)

        // Through a selector, objects come and go with their labels; what is left at the end are those that match then.
        for watcher in watchers where !watcher.selector.isEmpty {
            var left: [String: String] = [:]
            for event in watcher.events {
                #expect((event.type == "ADDED") == (left[event.name] == nil), "\(event)")
                left[event.name] = event.type == "DELETED" ? nil : event.value
            }
            #expect(left == even)
        }
    }
}
