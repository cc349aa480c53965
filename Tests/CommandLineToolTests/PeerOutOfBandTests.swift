import ClusterAPI
import Digests
import JSONTree
import KubernetesModel
import OffloadingModel
import Sessions
import TestKit
import Testing

@testable import CommandLineTool

@Suite struct PeerOutOfBandTests {
    private func command(_ more: [String] = ["--timeout", "5s"], id: String = World.edgeID) -> [String] {
        [
            "peer", "out-of-band", "europe-rome-edge", "--auth-url", "tls://127.0.0.1:7443", "--cluster-id", id,
            "--auth-token", World.token,
        ] + more
    }

    private func world() async throws -> World {
        let world = World()
        try await world.install(.hub)
        return world
    }

    @Test("every stage prints its line when its condition comes, and the command ends when the node is Ready")
    func stages() async throws {
        let world = try await world()
        async let status = world.run(command())
        let name = "europe-rome-edge"
        let made = try await eventually("a ForeignCluster") { try await world.foreignCluster(name) }
        #expect(made.clusterID == World.edgeID)
        #expect(made.authURL == "tls://127.0.0.1:7443")
        #expect(made.outgoingEnabled == .yes)
        let secret = try await world.cluster.get(
            .secrets, namespace: Names.systemNamespace, name: Names.tokenSecret(foreignCluster: name, .outgoing))
        #expect(secret.json["data"]?["token"]?.string == Base64.encode(World.token.utf8))
        var lines = [" INFO  Peering enabled"]
        for (type, line) in [
            (PeeringConditionType.authentication, "Authenticated to cluster \"europe-rome-edge\""),
            (.outgoing, "Outgoing peering activated to the remote cluster \"europe-rome-edge\""),
            (.network, "Network established to the remote cluster \"europe-rome-edge\""),
        ] {
            try await eventually("the stage before \(line)") {
                world.output.written == lines.map { $0 + "\n" }.joined()
            }
            try await world.set(type, PeeringCondition(.pending, "EdgeUnreachable", "not yet"), of: name)
            try await world.set(type, PeeringCondition(.established, "Test"), of: name)
            lines.append(" INFO  \(line)")
        }
        try await world.node("liqo-europe-rome-edge", isReady: true, isVirtual: true)
        #expect(await status == 0)
        lines += [
            " INFO  Node created for remote cluster \"europe-rome-edge\"", " INFO  Peering successfully established",
        ]
        #expect(world.output.written == lines.map { $0 + "\n" }.joined())
        #expect(world.errors.written.isEmpty)
    }

    @Test("a denial ends the command at once, with the hub's words, and takes back what was made")
    func denied() async throws {
        let world = try await world()
        async let status = world.run(command())
        try await eventually("a ForeignCluster") { try await world.foreignCluster("europe-rome-edge") }
        try await world.set(
            .authentication, PeeringCondition(.denied, "Refused", "tls://127.0.0.1:7443: the token was refused"),
            of: "europe-rome-edge")
        #expect(await status == 1)
        #expect(
            world.errors.written
                == " ERRO  Authentication to the remote cluster \"europe-rome-edge\" failed: "
                + "tls://127.0.0.1:7443: the token was refused\n")
        #expect(try await world.foreignCluster("europe-rome-edge") == nil)
        #expect(try await world.secrets.isEmpty)
        #expect(!world.all.contains(World.token))
    }

    @Test("an edge out of reach fails after the patience for it, with what was tried", arguments: [true, false])
    func unreachable(isTimeoutGiven: Bool) async throws {
        let world = try await world()
        async let status = world.run(command(isTimeoutGiven ? ["--timeout", "300ms"] : []))
        try await eventually("a ForeignCluster") { try await world.foreignCluster("europe-rome-edge") }
        let message = "tls://127.0.0.1:7443: lost (tried 127.0.0.1:7443: connection refused), after 2 ms"
        try await world.set(
            .authentication, PeeringCondition(.pending, "EdgeUnreachable", message), of: "europe-rome-edge")
        #expect(await status == 1)
        #expect(world.errors.written.contains("timed out waiting for the condition after "))
        #expect(world.errors.written.contains(message))
        #expect(try await world.foreignCluster("europe-rome-edge") == nil)
        #expect(try await world.secrets.isEmpty)
    }

    @Test("a later stage that does not come in time is named, and everything is taken back")
    func lateStage() async throws {
        let world = try await world()
        async let status = world.run(command(["--timeout", "400ms"]))
        try await eventually("a ForeignCluster") { try await world.foreignCluster("europe-rome-edge") }
        for type in [PeeringConditionType.authentication, .outgoing] {
            try await world.set(type, PeeringCondition(.established, "Test"), of: "europe-rome-edge")
        }
        try await world.set(
            .network, PeeringCondition(.error, "PodNetworkSilent", "no answer in 3 probes"), of: "europe-rome-edge")
        #expect(await status == 1)
        #expect(world.errors.written.contains("Failed establishing networking to the remote cluster"))
        #expect(world.errors.written.contains("no answer in 3 probes"))
        #expect(try await world.foreignCluster("europe-rome-edge") == nil)
    }

    @Test("a token that is gone without a word of the hub is final")
    func tokenGone() async throws {
        let world = try await world()
        async let status = world.run(command())
        try await eventually("a ForeignCluster") { try await world.foreignCluster("europe-rome-edge") }
        try await world.cluster.delete(
            .secrets, namespace: Names.systemNamespace, name: "peer-token-europe-rome-edge", DeleteOptions())
        try await world.set(
            .authentication, PeeringCondition(.pending, "NoToken", "no token is there"), of: "europe-rome-edge")
        #expect(await status == 1)
        #expect(world.errors.written.contains("no token is there"))
    }

    @Test("a hub that is away for a while is waited for")
    func away() async throws {
        let world = try await world()
        async let status = world.run(command())
        try await eventually("a ForeignCluster") { try await world.foreignCluster("europe-rome-edge") }
        world.cluster.failure = ClusterUnreachable("connection refused")
        try await world.isAsked()
        world.cluster.failure = nil
        for type in [PeeringConditionType.authentication, .outgoing, .network] {
            try await world.set(type, PeeringCondition(.established, "Test"), of: "europe-rome-edge")
        }
        try await world.node("liqo-europe-rome-edge", isReady: true, isVirtual: true)
        #expect(await status == 0)
    }

    @Test("peering with itself is refused in Liqo's words")
    func itself() async throws {
        let world = try await world()
        #expect(await world.run(command(id: World.originID)) == 1)
        #expect(
            world.errors.written
                == " ERRO  Failed peering clusters: the Cluster ID of the remote cluster is the same of that of the local "
                + "cluster\n")
        #expect(try await world.secrets.isEmpty)
    }

    @Test("a name that is peered already is refused, whoever has it, and nothing changes")
    func peeredAlready() async throws {
        for (id, outgoing, words) in [
            (World.edgeID, PeeringEnabled.yes, "is peered already (outgoing peering Established)"),
            (World.edgeID, .no, "peered already and disabled; resume it with 'causewayctl peer europe-rome-edge'"),
            ("other", .yes, "is peered already, with another cluster (other)"),
        ] {
            let world = try await world()
            let before = try await world.peer("europe-rome-edge", id: id, outgoing: outgoing)
            #expect(await world.run(command()) == 1)
            #expect(world.errors.written.contains(words))
            #expect(try await world.foreignCluster("europe-rome-edge") == before)
            #expect(try await world.secrets.isEmpty)
        }
    }

    @Test("a cluster that is peered under another name is refused")
    func otherName() async throws {
        let world = try await world()
        try await world.peer("rome")
        #expect(await world.run(command()) == 1)
        #expect(world.errors.written.contains("is peered already, under the name \"rome\""))
    }

    @Test("an edge does not peer out of band, and a cluster without Causeway neither")
    func wrongCluster() async throws {
        let edge = World()
        try await edge.install(.agent)
        #expect(await edge.run(command(id: "other")) == 1)
        #expect(edge.errors.written.contains("is an edge (europe-rome-edge)"))
        let empty = World()
        #expect(await empty.run(command() + ["--kubeconfig", "mine"]) == 1)
        #expect(empty.errors.written.contains("Causeway is not running in cluster \"test\" of mine"))
    }

    @Test(
        "malformed arguments are refused by name before anything is asked, and never repeat the token",
        arguments: [
            (["out-of-band", "Rome_1", "--auth-url", "tls://a:1", "--cluster-id", "a"], "the name \"Rome_1\""),
            (["out-of-band", "rome", "--auth-url", "https://a:1", "--cluster-id", "a"], "--auth-url \"https://a:1\""),
            (["out-of-band", "rome", "--auth-url", "tls://a:0", "--cluster-id", "a"], "--auth-url \"tls://a:0\""),
            (["out-of-band", "rome", "--auth-url", "tls://a:1", "--cluster-id", "a b"], "--cluster-id \"a b\""),
        ])
    func malformed(arguments: [String], words: String) async throws {
        let world = World()
        #expect(await world.run(["peer"] + arguments + ["--auth-token", World.token]) == 1)
        #expect(world.errors.written.contains(words))
        #expect(!world.all.contains(World.token))
    }

    @Test("a broken token is refused without being repeated")
    func brokenToken() async throws {
        let world = try await world()
        let broken = String(World.token.dropLast(3))
        #expect(
            await world.run(
                "peer", "oob", "rome", "--auth-url", "tls://a:1", "--cluster-id", "a", "--auth-token", broken) == 1)
        #expect(world.errors.written.contains("the token cannot be used"))
        #expect(!world.all.contains(broken))
        // Nor when it stands where it does not belong.
        #expect(await world.run("peer", "oob", "rome", World.token) == 64)
        #expect(!world.all.contains(World.token))
    }

    @Test("the token comes from the option, a file, the standard input or the environment")
    func tokenSources() async throws {
        var world = World()
        let host = { (world: World) in
            let input = world.input
            return ToolHost(
                environment: world.environment, output: world.output, errors: world.errors, isInteractive: false,
                readLine: { nil }, readInput: { _ in input },
                open: { _, _ in throw ToolError("not to be opened") }, now: { 0 })
        }
        #expect(throws: ToolError.self) { try AuthToken.obtain(argument: nil, file: nil, host: host(world)) }
        #expect(throws: ToolError.self) { try AuthToken.obtain(argument: "-", file: nil, host: host(world)) }
        #expect(throws: ToolError.self) { try AuthToken.obtain(argument: "a", file: "b", host: host(world)) }
        #expect(throws: ToolError.self) { try AuthToken.obtain(argument: nil, file: "/nonexistent", host: host(world)) }
        world.input = Array("\(World.token)\n".utf8)
        #expect(try AuthToken.obtain(argument: "-", file: nil, host: host(world)).text == World.token)
        #expect(try AuthToken.obtain(argument: nil, file: "-", host: host(world)).text == World.token)
        world.environment = [AuthToken.variable: World.token]
        #expect(try AuthToken.obtain(argument: nil, file: nil, host: host(world)).text == World.token)
    }
}
