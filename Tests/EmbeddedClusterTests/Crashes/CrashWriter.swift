import HTTPTransport
import JSONTree
import KubernetesModel
import NIOHTTP1
import TestKit
import Testing

@testable import EmbeddedCluster

/// A client that alone writes a few objects, and so knows what each must be.
///
/// After a request that failed on the way, it asks what became of it: either nothing, or all of it. So it knows the whole
/// history of its objects, also of what was done but never acknowledged.
struct CrashWriter {
    /// An object's content and version.
    struct Known: Equatable {
        var value: String
        var version: Int
    }

    private static let collection = "/api/v1/namespaces/default/configmaps"

    private let client: HTTPClient
    private let ledger: CrashLedger
    private let names: [String]
    private var choices: SeededChoices
    private var turn = 0
    /// What is there; a name that is missing is not there.
    private(set) var objects: [String: Known] = [:]
    /// Every state that an object has had, in order; `nil` for a deletion.
    private(set) var history: [String: [String?]] = [:]

    init(number: Int, seed: UInt64, client: HTTPClient, ledger: CrashLedger) {
        self.client = client
        self.ledger = ledger
        names = (0..<6).map { "writer-\(number)-\($0)" }
        choices = SeededChoices(seed: seed &+ UInt64(number) &* 0x1_0001)
    }

    private enum Change { case create, update, mergePatch, jsonPatch, delete }

    /// Makes changes until the ledger says that it is over.
    mutating func run() async throws {
        while !ledger.isOver {
            guard let name = names.randomElement(using: &choices) else { return }
            turn += 1
            let value = "\(name)/\(turn)"
            let possible: [Change] =
                objects[name] == nil ? [.create] : [.update, .update, .mergePatch, .jsonPatch, .delete]
            guard let change = possible.randomElement(using: &choices) else { return }
            try await make(change, name, value)
        }
    }

    private mutating func make(_ change: Change, _ name: String, _ value: String) async throws {
        let before = objects[name]
        let after: String? = change == .delete ? nil : value
        let (upSince, floor) = (ledger.upSinceKill, ledger.highest)
        let answer = try? await send(change, name, value, before)
        guard let (status, text) = answer, (200..<300).contains(status) else {
            // An answer that is no success, too: a request that is repeated after the loss of its connection finds its
            // own work done.
            if let upSince, ledger.upSinceKill == upSince {
                Issue.record("\(change) of \(name) failed without a kill: \(answer as Any)")
            }
            return try await resolve(name, before, after)
        }
        ledger.acknowledge()
        if let after {
            let object = KubernetesObject(try JSON(parsing: text))
            let version = try #require(Int(object.resourceVersion))
            #expect(version > floor, "\(change) of \(name) has version \(version), and \(floor) was known before it")
            #expect(object.json["data", "v"]?.string == after)
            ledger.told(version)
            objects[name] = Known(value: after, version: version)
        } else {
            objects[name] = nil
        }
        history[name, default: []].append(after)
    }

    private func send(
        _ change: Change, _ name: String, _ value: String, _ before: Known?
    ) async throws -> (Int, String) {
        let number = value.utf8.last.map { Int($0) % 2 } ?? 0
        let content: JSON = [
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": ["name": .string(name), "labels": ["parity": number == 0 ? "even" : "odd"]],
            "data": ["v": .string(value), "padding": .string(String(repeating: "p", count: 600))],
        ]
        let target = "\(Self.collection)/\(name)"
        let json: HTTPHeaders = ["Content-Type": "application/json"]
        switch change {
        case .create: return try await client.send(.POST, Self.collection, headers: json, content.text())
        case .update:
            var object = content
            object["metadata", "resourceVersion"] = .string(String(before?.version ?? 0))
            return try await client.send(.PUT, target, headers: json, object.text())
        case .mergePatch:
            let patch: JSON = ["metadata": content["metadata"] ?? .null, "data": ["v": .string(value)]]
            return try await client.send(
                .PATCH, target, headers: ["Content-Type": "application/merge-patch+json"], patch.text())
        case .jsonPatch:
            let patch: JSON = [
                ["op": "test", "path": "/data/v", "value": .string(before?.value ?? "")],
                ["op": "replace", "path": "/data/v", "value": .string(value)],
            ]
            return try await client.send(
                .PATCH, target, headers: ["Content-Type": "application/json-patch+json"], patch.text())
        case .delete: return try await client.send(.DELETE, target)
        }
    }

    /// Finds out what became of a change that nobody acknowledged.
    private mutating func resolve(_ name: String, _ before: Known?, _ after: String?) async throws {
        let known = ledger.highest
        let (status, text) = try await eventually("the server is back", within: .seconds(60)) {
            try? await client.get("\(Self.collection)/\(name)")
        }
        var found: Known?
        if status == 200 {
            let object = KubernetesObject(try JSON(parsing: text))
            found = Known(
                value: try #require(object.json["data", "v"]?.string),
                version: try #require(Int(object.resourceVersion)))
        } else {
            #expect(status == 404)
        }
        if found == before { return }
        #expect(
            found?.value == after, "\(name) was \(before as Any), should become \(after as Any), is \(found as Any)")
        if let found {
            // Other writers may have been told more since; this one's change is later than its own former version.
            #expect(found.version > before?.version ?? 0)
            ledger.told(found.version)
        }
        #expect(ledger.highest >= known)
        objects[name] = found
        history[name, default: []].append(after)
    }
}
