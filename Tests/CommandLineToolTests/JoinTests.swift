import ClusterAPI
import Digests
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit
import Testing

@testable import CommandLineTool

@Suite struct JoinTests {
    private let name = "europe-cloud"

    private func command(id: String = World.originID) -> [String] {
        [
            "join", "out-of-band", name, "--auth-url", "tls://127.0.0.1:7444", "--cluster-id", id, "--auth-token",
            World.token, "--timeout", "5s",
        ]
    }

    private func edge() async throws -> World {
        let world = World()
        try await world.install(.agent)
        return world
    }

    @Test("an edge asks to join, and each stage prints its line when its condition comes")
    func stages() async throws {
        let world = try await edge()
        async let status = world.run(command())
        let made = try await eventually("a ForeignCluster") { try await world.foreignCluster(name) }
        #expect(made.hubURL == "tls://127.0.0.1:7444")
        #expect(made.outgoingEnabled == .no)
        #expect(made.incomingEnabled == .yes)
        #expect(!made.isEdge)
        let secret = try await world.cluster.get(
            .secrets, namespace: Names.systemNamespace, name: Names.tokenSecret(foreignCluster: name, .incoming))
        #expect(secret.json["data"]?["token"]?.string == Base64.encode(World.token.utf8))
        var lines = [" INFO  Peering enabled"]
        for (type, line) in [
            (PeeringConditionType.authentication, "Authenticated to cluster \"europe-cloud\""),
            (.incoming, "Incoming peering activated from the remote cluster \"europe-cloud\""),
            (.network, "Network established to the remote cluster \"europe-cloud\""),
        ] {
            try await eventually("the stage before \(line)") {
                world.output.written == lines.map { $0 + "\n" }.joined()
            }
            try await world.set(type, PeeringCondition(.established, "Test"), of: name)
            lines.append(" INFO  \(line)")
        }
        #expect(await status == 0)
        lines.append(" INFO  Peering successfully established")
        #expect(world.output.written == lines.map { $0 + "\n" }.joined())
        #expect(!world.all.contains(World.token))
    }

    @Test("a refusal ends the command with the hub's words; the agent is told to leave before anything is removed")
    func denied() async throws {
        let world = try await edge()
        async let status = world.run(command())
        try await eventually("a ForeignCluster") { try await world.foreignCluster(name) }
        try await world.set(.authentication, PeeringCondition(.denied, "Refused", "the token was refused"), of: name)
        try await eventually("the peering is turned off") {
            try await world.foreignCluster(name)?.incomingEnabled == .no
        }
        try await world.set(.incoming, PeeringCondition(.none, "TurnedOff"), of: name)
        #expect(await status == 1)
        #expect(world.errors.written.contains("the token was refused"))
        #expect(try await world.foreignCluster(name) == nil)
        #expect(try await world.secrets.isEmpty)
    }

    @Test("an origin does not join, a cluster does not join itself, and a joined hub is not joined again")
    func refused() async throws {
        let origin = World()
        try await origin.install(.hub)
        #expect(await origin.run(command(id: "other")) == 1)
        #expect(origin.errors.written.contains("is an origin (europe-cloud): only an edge joins"))
        let world = try await edge()
        #expect(await world.run(command(id: World.edgeID)) == 1)
        #expect(world.errors.written.contains("the same of that of the local cluster"))
        try await world.create(
            .foreignClusters,
            ForeignCluster(
                name: name, clusterID: World.originID, clusterName: name, authURL: "tls://127.0.0.1:7444",
                outgoing: .no,
                incoming: .yes
            ).object)
        #expect(await world.run(command()) == 1)
        #expect(world.errors.written.contains("is peered already (incoming peering None)"))
    }
}
