import ClusterAPI
import Digests
import JSONTree
import KubernetesModel
import OffloadingModel
import Sessions
import TestKit
import Testing

@testable import CommandLineTool

@Suite struct TokensTests {
    /// Three tokens: a fresh one for anybody, one for a name that has expired, and a used one.
    private func world() async throws -> (World, [PeerToken]) {
        let world = World()
        try await world.install(.agent)
        var tokens: [PeerToken] = []
        for place in 0..<3 {
            let token = try PeerToken.make(
                randomBytes: [UInt8](repeating: UInt8(place + 1), count: PeerToken.randomByteCount),
                authorityPin: World.pin)
            var record = try TokenRecord(
                token: token, secretHash: SHA256.hash(token.secret), now: World.now - (place == 1 ? 960 : 60),
                boundName: place == 1 ? "europe-cloud" : nil)
            if place == 2 { record = record.used(at: World.now - 5, keyHash: [1]) }
            try await world.create(.secrets, record.secret)
            tokens.append(token)
        }
        return (world, tokens)
    }

    @Test("a list shows ids, for whom, and what became of them, and nothing that makes them good")
    func list() async throws {
        let (world, tokens) = try await world()
        #expect(await world.run("tokens", "list") == 0)
        let lines = world.output.written.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        #expect(lines.first == ["ID", "FOR", "STATE", "EXPIRES", "AGE"])
        let rows = Dictionary(uniqueKeysWithValues: lines.dropFirst().map { ($0[0], Array($0[1...])) })
        #expect(rows[tokens[0].id]?.prefix(4) == ["<any>", "Unused", "in", "14m"])
        #expect(rows[tokens[1].id]?.prefix(4) == ["europe-cloud", "Expired", "60s", "ago"])
        #expect(rows[tokens[2].id]?.prefix(2) == ["<any>", "Used"])
        #expect(await world.run("tokens", "-o", "json") == 0)
        let text = try #require(world.output.written.firstIndex(of: "[").map { world.output.written[$0...] })
        let list = try JSON(parsing: String(text)).array ?? []
        #expect(list.map { $0["state"]?.string ?? "" }.sorted() == ["Expired", "Unused", "Used"])
        #expect(list.first { $0["state"] == "Expired" }?["for"] == "europe-cloud")
        for token in tokens {
            for secret in [token.text, token.secretText, Hex.encode(SHA256.hash(token.secret))] {
                #expect(!world.all.contains(secret))
            }
        }
    }

    @Test("a list tells which clusters were shut out since a token was made, and may not come back by it")
    func shutOut() async throws {
        let (world, tokens) = try await world()
        let name = Names.tokenRecord(tokens[0].id)
        var secret = try await world.cluster.get(.secrets, namespace: Names.systemNamespace, name: name)
        let record = try TokenRecord(secretData: secret.json["data"])
        secret.json["data"] = try #require(record.excluding("id-1", name: "europe-rome-edge")).secretData
        _ = try await world.cluster.update(.secrets, secret)
        #expect(await world.run("tokens", "list") == 0)
        #expect(world.output.written.contains("\(tokens[0].id)   <any> but 1 shut out   Unused"))
        #expect(await world.run("tokens", "-o", "json") == 0)
        let text = try #require(world.output.written.firstIndex(of: "[").map { world.output.written[$0...] })
        let list = try JSON(parsing: String(text)).array ?? []
        #expect(list.compactMap { $0["notFor"] } == [["id-1"]])
    }

    @Test("tokens are deleted by id, or all; what is no id is not repeated")
    func delete() async throws {
        let (world, tokens) = try await world()
        #expect(await world.run("tokens", "delete", tokens[0].id) == 0)
        #expect(world.output.written.contains("Token \(tokens[0].id) deleted"))
        #expect(try await world.secrets.count == 2)
        #expect(await world.run("tokens", "delete", tokens[0].id, tokens[1].text) == 1)
        #expect(world.errors.written.contains("there is no token \(tokens[0].id)"))
        #expect(!world.all.contains(tokens[1].text.prefix(40)))
        #expect(await world.run("tokens", "delete") == 64)
        #expect(await world.run("tokens", "delete", "--all") == 0)
        #expect(try await world.secrets.isEmpty)
    }

    @Test("a cluster without tokens says so, and nothing else can be deleted by its name")
    func none() async throws {
        let world = World()
        try await world.install(.agent)
        #expect(await world.run("tokens") == 0)
        #expect(world.output.written.isEmpty)
        #expect(world.errors.written == "No tokens found.\n")
        let id = "0123456789abcdef"
        try await world.create(
            .secrets, KubernetesObject(.secrets, name: Names.tokenRecord(id), namespace: Names.systemNamespace))
        #expect(await world.run("tokens", "delete", id) == 1)
        #expect(try await world.secrets.count == 1)
    }
}
