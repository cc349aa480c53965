import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import Sessions
import TestKit
import Testing

@testable import CommandLineTool

@Suite struct RevokeTests {
    /// A hub that dials this edge.
    private func world() async throws -> World {
        let world = World()
        try await world.install(.agent)
        let hub = ForeignCluster(
            name: "europe-cloud", clusterID: World.originID, clusterName: "europe-cloud", authURL: "", outgoing: .no,
            incoming: .yes)
        try await world.create(.foreignClusters, hub.object)
        try await world.set(.authentication, PeeringCondition(.established, "CertificatesValid"), of: "europe-cloud")
        return world
    }

    @Test("it asks the daemon by an annotation, and ends when that is gone and the peer is Denied")
    func revoke() async throws {
        let world = try await world()
        async let status = world.run("revoke", "europe-cloud")
        try await eventually("the annotation") {
            try await world.foreignCluster("europe-cloud")?.revocationsAsked == [.incoming]
        }
        try await world.set(.authentication, PeeringCondition(.denied, "Revoked"), of: "europe-cloud")
        _ = try await world.cluster.merge(
            .foreignClusters, name: "europe-cloud", ["metadata": ["annotations": [Names.revokeAnnotation: .null]]])
        #expect(await status == 0)
        #expect(world.output.written.contains("Certificates of \"europe-cloud\" revoked"))
        #expect(world.output.written.contains("causewayctl generate peer-command"))
    }

    @Test("a daemon that does not do it in time is named, and it stays asked for")
    func late() async throws {
        let world = try await world()
        #expect(await world.run("revoke", "europe-cloud", "--timeout", "50ms") == 1)
        #expect(world.errors.written.contains("the daemon has not done it within 50ms"))
        #expect(try await world.foreignCluster("europe-cloud")?.revocationsAsked == [.incoming])
    }

    @Test("whoever has issued no certificate is told where to revoke, and nothing changes")
    func otherSide() async throws {
        let world = World()
        try await world.install(.hub)
        let before = try await world.peer("europe-rome-edge")
        #expect(await world.run("revoke", "europe-rome-edge") == 1)
        #expect(world.errors.written.contains("run 'causewayctl revoke europe-cloud' at that cluster"))
        #expect(try await world.foreignCluster("europe-rome-edge") == before)
        #expect(await world.run("revoke", "nobody") == 1)
    }

    @Test("a peering that is Denied takes a new token: its ForeignCluster stays, with the new address")
    func newToken() async throws {
        let world = World()
        try await world.install(.hub)
        let name = "europe-rome-edge"
        let before = try await world.peer(name)
        let denied = PeeringCondition(.denied, "Revoked", "it was revoked")
        for type in [PeeringConditionType.authentication, .outgoing] { try await world.set(type, denied, of: name) }
        async let status = world.run(
            "peer", "out-of-band", name, "--auth-url", "tls://127.0.0.2:7443", "--cluster-id", World.edgeID,
            "--auth-token", World.token)
        let asked = try await eventually("the new token's id") {
            let known = try await world.foreignCluster(name)
            return known?.tokenID(.outgoing).isEmpty == false ? known : nil
        }
        #expect(asked.authURL == "tls://127.0.0.2:7443")
        #expect(asked.object.uid == before.object.uid)
        #expect(asked.tokenID(.outgoing) == (try PeerToken(parsing: World.token).id))
        // As the hub does: it forgets the token, then says what came of it.
        try await world.cluster.delete(
            .secrets, namespace: Names.systemNamespace, name: Names.tokenSecret(foreignCluster: name, .outgoing),
            DeleteOptions())
        for type in [PeeringConditionType.authentication, .outgoing, .network] {
            try await world.set(type, PeeringCondition(.established, "Test"), of: name)
        }
        try await world.node("liqo-europe-rome-edge", isReady: true, isVirtual: true)
        #expect(await status == 0)
        #expect(world.output.written.contains("Peering successfully established"))
    }

    @Test("a new token that is refused leaves the peering as it was", arguments: [true, false])
    func refusedAgain(inTheSameWords isSame: Bool) async throws {
        let world = World()
        try await world.install(.hub)
        let name = "europe-rome-edge"
        let before = try await world.peer(name)
        try await world.set(.authentication, PeeringCondition(.denied, "Revoked", "it was revoked"), of: name)
        async let status = world.run(
            "peer", "out-of-band", name, "--auth-url", "tls://127.0.0.1:7443", "--cluster-id", World.edgeID,
            "--auth-token", World.token)
        try await eventually("the new token's id") {
            try await world.foreignCluster(name)?.tokenID(.outgoing).isEmpty == false
        }
        if !isSame {
            try await world.set(
                .authentication, PeeringCondition(.denied, "Refused", "the token was refused"), of: name)
        }
        try await world.cluster.delete(
            .secrets, namespace: Names.systemNamespace, name: Names.tokenSecret(foreignCluster: name, .outgoing),
            DeleteOptions())
        #expect(await status == 1)
        #expect(world.errors.written.contains(isSame ? "it was revoked" : "the token was refused"))
        #expect(world.output.written.contains("stays as it was"))
        #expect(try await world.foreignCluster(name)?.object.uid == before.object.uid)
        #expect(try await world.secrets.isEmpty)
    }

    @Test("a proxy of a peering is kept with it; one with a password is refused and not repeated")
    func proxy() async throws {
        let world = World()
        try await world.install(.hub)
        func peer(_ proxy: String) async -> Int32 {
            await world.run(
                "peer", "out-of-band", "europe-rome-edge", "--auth-url", "tls://127.0.0.1:7443", "--cluster-id",
                World.edgeID, "--auth-token", World.token, "--proxy", proxy, "--timeout", "5s")
        }
        for wrong in ["http://me:geheim@proxy:1", "https://proxy:1", "proxy:1", "http://proxy"] {
            #expect(await peer(wrong) == 1)
        }
        #expect(world.errors.written.contains("--proxy is neither http://HOST:PORT nor direct"))
        #expect(!world.all.contains("geheim"))
        async let status = peer("http://proxy.example:3128")
        let made = try await eventually("a ForeignCluster") { try await world.foreignCluster("europe-rome-edge") }
        #expect(made.proxy == "http://proxy.example:3128")
        try await world.set(.authentication, PeeringCondition(.denied, "Refused", "no"), of: "europe-rome-edge")
        #expect(await status == 1)
    }
}
