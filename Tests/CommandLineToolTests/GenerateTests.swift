import ClusterAPI
import Digests
import JSONTree
import KubernetesModel
import OffloadingModel
import Sessions
import TestKit
import Testing

@testable import CommandLineTool

@Suite struct GenerateTests {
    private func record(_ world: World) async throws -> TokenRecord {
        let secrets = try await world.secrets
        #expect(secrets.count == 1)
        let secret = try #require(secrets.first)
        #expect(secret.namespace == Names.systemNamespace)
        #expect(secret.label(Names.tokenLabel) != nil)
        let record = try TokenRecord(secretData: secret.json["data"])
        #expect(secret.name == Names.tokenRecord(record.id))
        return record
    }

    @Test("--only-command prints exactly one line, and the cluster keeps only the hash of its token")
    func onlyCommand() async throws {
        let world = World()
        try await world.install(.agent)
        #expect(await world.run("generate", "peer-command", "--only-command") == 0)
        let line = world.output.written
        #expect(world.errors.written.isEmpty)
        let start =
            "causewayctl peer out-of-band europe-rome-edge --auth-url tls://127.0.0.1:7443 "
            + "--cluster-id \(World.edgeID) --auth-token "
        #expect(line.hasPrefix(start))
        #expect(line.hasSuffix("\n"))
        #expect(line.filter(\.isNewline).count == 1)
        let token = try PeerToken(parsing: String(line.dropFirst(start.count).dropLast()))
        #expect(token.authorityPin == World.pin)
        let record = try await record(world)
        #expect(record.id == token.id)
        #expect(record.secretHash == SHA256.hash(token.secret))
        #expect(record.expiry == World.now + 900)
        #expect(record.boundName == nil)
        #expect(record.use == nil)
        let stored = try await world.secrets.map { $0.json.text() }.joined()
        #expect(!stored.contains(token.text))
        #expect(!stored.contains(token.secretText))
        #expect(!stored.contains(Base64.encode(token.secret)))
    }

    @Test("without it the words around the line go to the standard error")
    func withWords() async throws {
        let world = World()
        try await world.install(.agent)
        #expect(await world.run("generate", "peer-command") == 0)
        #expect(world.output.written.filter(\.isNewline).count == 1)
        #expect(
            world.errors.written
                == " INFO  Peering information correctly retrieved\n\nExecute this command on a *different* cluster to "
                + "enable an outgoing peering with the current cluster:\n\n")
    }

    @Test("a token may live shorter or longer and be bound to a name")
    func options() async throws {
        let world = World()
        try await world.install(.agent)
        #expect(await world.run("generate", "peer-command", "--ttl", "24h", "--for", "europe-cloud") == 0)
        let record = try await record(world)
        #expect(record.expiry == World.now + 86_400)
        #expect(record.boundName == "europe-cloud")
    }

    @Test("a life outside of a second and a day, or a name that is none, is refused")
    func refusedOptions() async throws {
        for arguments in [["--ttl", "25h"], ["--ttl", "0s"], ["--ttl", "86400001ms"], ["--for", "A_b"]] {
            let world = World()
            try await world.install(.agent)
            #expect(await world.run(["generate", "peer-command"] + arguments) == 1)
            #expect(world.errors.written.contains("Failed to retrieve peering information: \(arguments[0])"))
            #expect(world.output.written.isEmpty)
            #expect(try await world.secrets.isEmpty)
        }
    }

    @Test(
        "an origin generates what an edge joins with, and an edge what an origin peers with; never the other way round")
    func roles() async throws {
        let origin = World()
        try await origin.install(.hub)
        #expect(await origin.run("generate", "peer-command", "--only-command") == 1)
        #expect(origin.output.written.isEmpty)
        #expect(origin.errors.written.contains("is an origin: generate the peer-command at the edge"))
        #expect(try await origin.secrets.isEmpty)
        #expect(await origin.run("generate", "join-command", "--only-command") == 0)
        #expect(
            origin.output.written.hasPrefix(
                "causewayctl join out-of-band europe-cloud --auth-url tls://127.0.0.1:7444 --cluster-id \(World.originID) "
                    + "--auth-token "))
        _ = try await record(origin)
        let edge = World()
        try await edge.install(.agent)
        #expect(await edge.run("generate", "join-command") == 1)
        #expect(edge.output.written.isEmpty)
        #expect(edge.errors.written.contains("is an edge: generate the join-command at the origin"))
    }

    @Test("a daemon without an address for peers is named, and no token is made")
    func noAddress() async throws {
        let world = World()
        try await world.install(.hub)
        _ = try await world.cluster.merge(
            .configMaps, namespace: Names.systemNamespace, name: Names.clusterInfo, ["data": ["peerAddress": ""]])
        #expect(await world.run("generate", "join-command") == 1)
        #expect(world.errors.written.contains("has no peer address"))
        #expect(try await world.secrets.isEmpty)
    }

    @Test("what would mean something to the shell that runs the line is refused")
    func shell() async throws {
        for (key, value) in [
            ("clusterName", "a;reboot"), ("clusterID", "$(reboot)"), ("peerAddress", "`reboot`:1"),
            ("peerAddress", "a b:1"), ("authorityPin", "zz"),
        ] {
            let world = World()
            try await world.install(.agent)
            _ = try await world.cluster.merge(
                .configMaps, namespace: Names.systemNamespace, name: Names.clusterInfo, ["data": [key: .string(value)]])
            #expect(await world.run("generate", "peer-command", "--only-command") == 1)
            #expect(world.output.written.isEmpty)
            #expect(world.errors.written.contains(key))
        }
    }

    @Test(
        "a token's life goes by the cluster's clock, and clocks too far apart are an error (F9)",
        arguments: [200, -300, 301, -4000])
    func clocks(ahead: Int) async throws {
        let world = World()
        try await world.install(.agent)
        world.cluster.now = World.now + ahead
        let isClose = abs(ahead) <= 300
        #expect(await world.run("generate", "peer-command", "--only-command") == (isClose ? 0 : 1))
        guard isClose else {
            #expect(
                world.errors.written.contains(
                    ahead > 0 ? "301s ahead of this machine's" : "4000s behind this machine's"))
            #expect(world.output.written.isEmpty)
            #expect(try await world.secrets.isEmpty)
            return
        }
        #expect(try await record(world).expiry == World.now + ahead + 900)
    }
}
