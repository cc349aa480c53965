import ClusterAPI
import Enrolment
import KubernetesModel
import OffloadingModel
import TestKit
import Testing

@testable import Hub

/// Peerings that begin and end while one side is away, and sides that remember too much or too little.
@Suite(
    "Peerings that end and begin under faults, with the real hub and agents over a simulated network",
    .timeLimit(.minutes(10)))
struct PeeringFaultTests {
    private func begin(_ side: DiallingSide = .hub) async throws -> Scenario {
        let scenario = try await Scenario.begin(seed: 21, dialling: side)
        try await scenario.settle()
        for name in scenario.world.names {
            #expect(scenario.world.connections.contains { $0.edge == name && $0.isJoined == (side == .edge) })
        }
        return scenario
    }

    @Test(
        "an unpeer while the edge is away ends in time, and the edge ends what it runs when it is back (I6)",
        arguments: DiallingSide.allCases)
    func unpeerAway(_ side: DiallingSide) async throws {
        let world = try await begin(side).world
        try world.block("rome")
        try await world.run(for: .seconds(1))
        try await world.user.unpeer("rome", in: world)
        let isGone = try await world.run(atMost: .seconds(30)) {
            try await world.origin.cluster.find(.foreignClusters, name: "rome") == nil
        }
        #expect(isGone)
        try await world.run(for: .seconds(20))
        #expect(world.hubDisk.all.farewells.count == (side == .hub ? 1 : 0))
        try await world.killHub()
        #expect(try await world.judge() == [])
        #expect(world.hubDisk.all.farewells.isEmpty)
        #expect(try world.site("rome").machine.count == 0)
    }

    @Test(
        "an edge that has revoked a hub's certificates ends what ran for it: at once what the hub replaces, the rest and the peering later, although it never hears of the unpeer",
        arguments: [true, false])
    func unpeerRevoked(_ isUnpeered: Bool) async throws {
        let scenario = try await begin()
        let world = scenario.world
        try await world.user.offload("stay", ["causeway.io/on-disconnect": "keep"], in: world)
        world.origin.want(Origin.Workload(name: "rock", namespace: "stay", count: 4, isJob: false))
        #expect(try await world.judge() == [])
        let site = try world.site("rome")
        let stay = try await site.cluster.list(.pods, namespace: "stay").items.count
        #expect(stay > 0)
        try await world.user.revoke("rome", in: world)
        // Nobody brings a new token.
        if isUnpeered { try await world.user.unpeer("rome", in: world) } else { world.user.leave("rome") }
        try await world.run(for: .seconds(12))
        #expect(
            site.machine.count == stay, "those of 'shop' are replaced after 3 s and run here no more; the others stay")
        // An agent that starts anew must not wait anew.
        try await world.killAgent("rome")
        try await world.run(for: .seconds(20))
        #expect(site.machine.count == stay)
        try await world.run(for: .seconds(15))
        #expect(site.machine.count == 0)
        #expect(site.peerings.all.isEmpty)
        #expect(world.hubDisk.all.farewells.isEmpty)
        if !isUnpeered { try await world.user.peer("rome", in: world) }
        #expect(try await world.judge() == [])
    }

    @Test("an edge that its hub has revoked, and does not want any more, ends what it runs")
    func withdrawnRevoked() async throws {
        let world = try await begin(.edge).world
        try await world.user.offload("stay", ["causeway.io/on-disconnect": "keep"], in: world)
        world.origin.want(Origin.Workload(name: "rock", namespace: "stay", count: 4, isJob: false))
        #expect(try await world.judge() == [])
        let site = try world.site("rome")
        #expect(try await site.cluster.list(.pods, namespace: "stay").items.isEmpty == false)
        try await world.user.revoke("rome", in: world)
        try await world.user.want("rome", .withdrawn, in: world)
        try await world.run(for: .seconds(15))
        try await world.killAgent("rome")
        try await world.run(for: .seconds(35))
        #expect(site.machine.count == 0 && site.peerings.all.isEmpty)
        #expect(try await world.judge() == [])
        try await world.user.peer("rome", in: world)
        #expect(try await world.judge() == [])
    }

    @Test(
        "a hub that enrols anew after a revocation has its pods run once, wherever they were meanwhile",
        arguments: [2, 20], DiallingSide.allCases)
    func backAfterRevocation(_ seconds: Int, _ side: DiallingSide) async throws {
        let scenario = try await begin(side)
        let world = scenario.world
        let before = try await scenario.placements()
        try await world.user.revoke("rome", in: world)
        world.user.leave("rome")
        try await world.run(for: .seconds(seconds))
        #expect(try await scenario.pods(on: "rome").isEmpty == (seconds > 10))
        #expect((try world.site("rome").machine.count == 0) == (seconds > 10), "replaced elsewhere, stopped here")
        try await world.user.peer("rome", in: world)
        #expect(try await world.judge() == [])
        if seconds < 5 { #expect(try await scenario.placements() == before) }
    }

    @Test(
        "an edge that has joined, was revoked and then unpeered hears so when it dials, and ends what it runs",
        arguments: [true, false])
    func unpeerRevokedJoin(_ isAway: Bool) async throws {
        let world = try await begin(.edge).world
        try await world.user.revoke("rome", in: world)
        world.user.leave("rome")
        try await world.run(for: .seconds(2))
        if isAway { try world.block("rome") }
        try await world.user.unpeer("rome", in: world)
        try await world.run(for: .seconds(25))
        #expect(try world.site("rome").peerings.all.isEmpty == !isAway)
        #expect(try await world.judge() == [])
    }

    @Test(
        "a token that comes beside good credentials is forgotten, and does not bring back a peering that is ended",
        arguments: DiallingSide.allCases)
    func unneededToken(_ side: DiallingSide) async throws {
        let world = try await begin(side).world
        let before =
            side == .hub ? world.hubDisk.all.credentials.mapValues(\.epoch) : world.hubPeerings.all.mapValues(\.epoch)
        try await world.user.ask("rome", in: world)
        try await world.run(for: .seconds(5))
        let after =
            side == .hub ? world.hubDisk.all.credentials.mapValues(\.epoch) : world.hubPeerings.all.mapValues(\.epoch)
        #expect(after == before, "it was not used")
        let cluster = side == .hub ? world.origin.cluster : try world.site("rome").cluster
        let name = Names.tokenSecret(
            foreignCluster: side == .hub ? "rome" : World.hubName, side == .hub ? .outgoing : .incoming)
        #expect(try await cluster.find(.secrets, namespace: Names.systemNamespace, name: name) == nil)
        // The user does not take back what he has given out.
        world.user.leave("rome")
        try await world.origin.cluster.delete(.foreignClusters, namespace: nil, name: "rome", DeleteOptions())
        #expect(try await world.judge() == [])
    }

    @Test(
        "whoever peers again with the same name at once begins anew, and nothing of the old peering is left",
        arguments: DiallingSide.allCases)
    func again(_ side: DiallingSide) async throws {
        let world = try await begin(side).world
        let id = try world.site("rome").clusterID
        func current() -> Int? {
            side == .hub ? world.hubDisk.all.credentials[id]?.epoch : world.hubPeerings[id]?.epoch
        }
        let epoch = try #require(current())
        try world.block("rome")
        try await world.user.unpeer("rome", in: world)
        try await world.user.peer("rome", in: world)
        // An edge that dials has to be there to peer again.
        if side == .edge { try world.mend("rome") }
        let isBack = try await world.run(atMost: .seconds(40)) {
            try await world.origin.cluster.find(.foreignClusters, name: "rome")?.isBeingDeleted == false
        }
        #expect(isBack)
        #expect(try await world.judge() == [])
        #expect(try #require(current()) > epoch)
        #expect(world.hubDisk.all.farewells.isEmpty)
    }

    @Test(
        "an agent that is restored from an old backup, of before the peering or of before most pods, comes to what is wanted now",
        arguments: [true, false], DiallingSide.allCases)
    func backup(_ isOfBeforePeering: Bool, _ side: DiallingSide) async throws {
        let scenario = try await Scenario.begin(seed: 22, dialling: side)
        let world = scenario.world
        let site = try world.site("rome")
        let empty = site.backUp()
        try await scenario.want()
        let isPeered = try await world.run(atMost: .seconds(20)) { site.machine.count > 0 }
        #expect(isPeered)
        let early = site.backUp()
        #expect(try await world.judge() == [])
        world.origin.want(Origin.Workload(name: "app", namespace: "shop", count: 5, isJob: false))
        #expect(try await world.judge() == [])
        world.ledger.forgivesOldBackup = true
        try await world.killAgent("rome")
        site.restore(isOfBeforePeering ? empty : early)
        try await world.startAgent("rome")
        #expect(try await world.judge() == [])
    }

    @Test(
        "a pod that has finished is not run again, though its agent, its hub or both start anew and it is deleted at its edge"
    )
    func finished() async throws {
        let scenario = try await begin()
        let world = scenario.world
        for name in world.names {
            let cluster = try world.site(name).cluster
            for pod in try await cluster.list(.pods).items where pod.isFinishedPod {
                try await cluster.delete(
                    .pods, namespace: pod.namespace, name: pod.name, DeleteOptions(gracePeriodSeconds: 0))
            }
            try await world.killAgent(name)
        }
        try await world.killHub()
        let starts = world.ledger.starts
        #expect(try await world.judge() == [])
        #expect(world.ledger.starts == starts)
    }
}
