import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit
import Testing

@testable import CommandLineTool

@Suite struct UninstallTests {
    private func world(_ role: ClusterInfo.Role = .hub) async throws -> World {
        let world = World()
        try await world.install(role)
        for definition in CustomResources.all { try await world.create(.customResourceDefinitions, definition) }
        return world
    }

    @Test("it is refused while a peering or an offloading is in use, names them, and changes nothing")
    func refused() async throws {
        let world = try await world()
        try await world.peer("rome")
        try await world.peer("milan", id: "x", [.outgoing: .disconnecting], outgoing: .no)
        try await world.peer("turin", id: "y", [.incoming: .established], outgoing: .no)
        try await world.create(
            .namespaceOffloadings,
            KubernetesObject(.namespaceOffloadings, name: Names.offloading, namespace: "liqo-demo"))
        #expect(await world.run("uninstall", "--purge") == 1)
        #expect(
            world.errors.written == """
                 ERRO  Failed pre-uninstall checks: cluster "test" of config is still in use, nothing was changed
                 ERRO  the outgoing peering with "milan" is Disconnecting: run 'causewayctl unpeer out-of-band milan'
                 ERRO  the outgoing peering with "rome" is Established: run 'causewayctl unpeer out-of-band rome'
                 ERRO  the incoming peering of "turin" is Established: run 'causewayctl unpeer out-of-band' for this \
                cluster at that one; where that one is gone for good, run at this one: kubectl patch foreignclusters turin \
                --type merge --patch '{"spec":{"incomingPeeringEnabled":"No"}}'
                 ERRO  the namespace "liqo-demo" is offloaded: run 'causewayctl unoffload namespace liqo-demo'

                """)
        #expect(world.output.written.isEmpty)
        #expect(try await world.foreignCluster("rome") != nil)
        #expect(try await world.cluster.list(.customResourceDefinitions).items.count == 2)
    }

    @Test(
        "leftover peerings and tokens go; what the running daemon needs stays",
        arguments: [ClusterInfo.Role.hub, .agent])
    func leftovers(role: ClusterInfo.Role) async throws {
        let world = try await world(role)
        try await world.peer("rome", [.outgoing: .none, .incoming: .none], outgoing: .no)
        try await world.create(
            .secrets,
            KubernetesObject(
                .secrets, name: "token-1", namespace: Names.systemNamespace,
                ["metadata": ["labels": [Names.tokenLabel: "true"]]]))
        try await world.create(
            .secrets, KubernetesObject(.secrets, name: "peer-token-rome", namespace: Names.systemNamespace))
        try await world.create(.secrets, KubernetesObject(.secrets, name: "keys", namespace: Names.systemNamespace))
        #expect(await world.run("uninstall") == 0)
        #expect(
            world.output.written == """
                 INFO  Pre-uninstall checks passed
                 INFO  Causeway uninstalled

                """)
        #expect(try await world.foreignCluster("rome") == nil)
        #expect(try await world.secrets.map(\.name) == ["keys"])
        #expect(try await world.cluster.find(.namespaces, name: Names.systemNamespace) != nil)
        #expect(try await world.cluster.list(.configMaps).items.count == 1)
        #expect(try await world.cluster.list(.customResourceDefinitions).items.count == 2)
    }

    @Test("--purge removes the definitions, and can be said again")
    func purge() async throws {
        let world = try await world()
        #expect(await world.run("uninstall", "--purge") == 0)
        #expect(world.output.written.hasSuffix(" INFO  Causeway CRDs purged\n"))
        #expect(try await world.cluster.list(.customResourceDefinitions).items.isEmpty)
        #expect(await world.run("uninstall", "--purge") == 0)
    }

    @Test("a peering that the other side is just ending is given a moment")
    func settling() async throws {
        var world = try await world(.agent)
        world.pace.settling = .seconds(10)
        try await world.peer("europe-cloud", [.incoming: .disconnecting], outgoing: .no)
        async let status = world.run("uninstall")
        try await world.isAsked()
        try await world.cluster.delete(.foreignClusters, namespace: nil, name: "europe-cloud", DeleteOptions())
        #expect(await status == 0)
    }
}
