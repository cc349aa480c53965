import ClusterAPI
import Enrolment
import JSONTree
import KubernetesModel
import OffloadingModel
import PeerTransport
import Scheduling
import Sessions
import TestKit
import Testing

@testable import Hub

/// The faults of `Hub`'s page Faults, one by one: what each must not do, seen by the judge.
@Suite("Faults by their numbers, with the real hub and agents over a simulated network", .timeLimit(.minutes(10)))
struct NamedFaultTests {
    /// Peered and at rest, with nothing broken yet.
    private func begin(edges: [String] = ["rome", "milan"], grace: String = "10s") async throws -> Scenario {
        let scenario = try await Scenario.begin(seed: 11, edges: edges)
        try await scenario.settle(grace: grace)
        return scenario
    }

    @Test(
        "F1: an edge that is cut off for a while keeps its pods; away for longer than the grace, exactly its pods are replaced",
        arguments: [5, 45, 600])
    func partition(_ seconds: Int) async throws {
        let scenario = try await begin()
        let world = scenario.world
        let edge = try #require(try await busiest(scenario))
        let (before, lost) = (try await scenario.placements(), try await scenario.pods(on: edge))
        try world.block(edge)
        try await world.run(for: .seconds(5))
        #expect(scenario.state(edge) == .disconnected)
        #expect(lost.allSatisfy { world.ledger.running[$0]?.count == 1 }, "its pods run on")
        try await world.run(for: .seconds(seconds - 5))
        if seconds == 600 { #expect(scenario.state(edge) == .lost) }
        #expect(lost.allSatisfy { world.ledger.running[$0] != nil }, "whoever cannot be reached goes on")
        let after = try await scenario.placements()
        #expect(after.count == before.count)
        let survivors = before.filter { !lost.contains($0.key) }
        #expect(survivors.allSatisfy { after[$0.key] == $0.value }, "survivors stay")
        #expect(Set(after.keys).isDisjoint(with: lost) == (seconds > 5))
        #expect(try await world.judge() == [])
        #expect(try await scenario.placements().keys == after.keys, "a return moves nothing")
    }

    /// The edge with most pods.
    private func busiest(_ scenario: Scenario) async throws -> String? {
        var counts: [(count: Int, name: String)] = []
        for name in scenario.world.names { counts.append((try await scenario.pods(on: name).count, name)) }
        return counts.max { ($0.count, $0.name) < ($1.count, $1.name) }?.name
    }

    @Test("F2: nothing passes one way only: it counts as lost, and no end takes it for open", arguments: [true, false])
    func oneWay(_ toHub: Bool) async throws {
        let scenario = try await begin()
        let world = scenario.world
        let before = try await scenario.placements()
        try world.block("rome", [toHub ? .toHub : .toEdge])
        try await world.run(for: .seconds(5))
        #expect(scenario.state("rome") == .disconnected || scenario.state("rome") == .suspect)
        try await world.run(for: .seconds(3))
        #expect(!world.isHalfOpen("rome"))
        #expect(scenario.state("rome") == .disconnected)
        #expect(try await world.judge() == [])
        #expect(try await scenario.placements() == before)
    }

    @Test(
        "F3: messages that take two seconds, give or take one, cost no pod, and no connection once it is known how slow they are",
        arguments: UInt64(1)...12)
    func slow(_ seed: UInt64) async throws {
        let scenario = try await Scenario.begin(seed: seed)
        try await scenario.settle(grace: "10s")
        let world = scenario.world
        let before = try await scenario.placements()
        for name in world.names { try world.delay(name, .seconds(3)) }
        // From one moment to the next no word comes for more than 3.5 s: that may cost a connection each.
        try await world.run(for: .seconds(20))
        #expect(try await scenario.placements() == before)
        for _ in 0..<900 {
            try await world.run(for: .milliseconds(100))
            for name in world.names { #expect(scenario.state(name) == .ready, "\(name) at \(world.clock.now)") }
        }
        #expect(try await scenario.placements() == before)
        #expect(try await world.judge() == [])
    }

    @Test("F5: an agent that has not read its cluster yet deletes nothing, and neither does a hub whose origin is away")
    func unread() async throws {
        let scenario = try await begin()
        let world = scenario.world
        let before = try await scenario.placements()
        let running = world.ledger.running
        let site = try world.site("rome")
        site.isSlowToRead = true
        try await world.killAgent("rome")
        try await world.startAgent("rome")
        try await world.run(for: .seconds(9))
        #expect(world.isConnected("rome"))
        #expect(world.ledger.running == running)
        world.hubReach.isAway = true
        try await world.killHub()
        try await world.startHub()
        try await world.run(for: .seconds(20))
        #expect(world.ledger.running == running)
        #expect(try await world.judge() == [])
        #expect(try await scenario.placements() == before)
    }

    @Test(
        "F6: a hub that was away evicts nobody for it, however long, and waits anew for edges that are away then",
        arguments: [0, 60, 600])
    func hubAway(_ seconds: Int) async throws {
        let scenario = try await begin()
        let world = scenario.world
        let before = try await scenario.placements()
        try await world.killHub()
        world.hold("hub")
        try await world.killAgent("rome")
        world.hold("rome")
        try await world.run(for: .seconds(seconds))
        try await world.startHub()
        try await world.run(for: .seconds(8))
        try await world.startAgent("rome")
        #expect(try await world.judge() == [])
        #expect(try await scenario.placements() == before)
    }

    @Test("F7: a hub with an older epoch is refused with a reason, and nothing at the edge changes; epochs only rise")
    func oldHub() async throws {
        let scenario = try await begin()
        let world = scenario.world
        let (before, id) = (try await scenario.placements(), try world.site("rome").clusterID)
        let epoch = try #require(world.hubDisk.all.credentials[id]?.epoch)
        try await world.killHub()
        world.hubDisk.change { $0.credentials[id]?.epoch -= 1 }
        try await world.startHub()
        let isRefused = try await world.run(atMost: .seconds(5)) {
            world.hub?.hub.context.edges["rome"]?.lastFailure?.end.message.contains("old backup") == true
        }
        #expect(isRefused)
        #expect(try await world.judge() == [])
        #expect(try #require(world.hubDisk.all.credentials[id]?.epoch) > epoch)
        #expect(try await scenario.placements() == before)
    }

    @Test("F9: clocks that jump by an hour neither lose an edge nor replace a pod", arguments: [-3600, 3600])
    func clocks(_ jump: Int) async throws {
        let scenario = try await begin()
        let world = scenario.world
        let before = try await scenario.placements()
        for name in [World.hubName, "rome"] {
            world.clock.skew(name, by: jump)
            try await world.run(for: .seconds(15))
            #expect(scenario.state("rome") == .ready)
            world.cut("rome")
            try await world.run(for: .seconds(10))
            #expect(scenario.state("rome") == .ready)
        }
        #expect(try await scenario.placements() == before)
        #expect(try await world.judge() == [])
    }

    @Test(
        "F16: an edge that flaps every ten seconds for an hour costs no pod: it is always back before the grace is over"
    )
    func flapping() async throws {
        let scenario = try await begin(edges: ["rome"])
        let world = scenario.world
        let (before, starts) = (try await scenario.placements(), world.ledger.starts)
        world.slowness = 10
        for _ in 0..<360 {
            try world.block("rome")
            try await world.run(for: .seconds(5))
            try world.mend("rome")
            try await world.run(for: .seconds(5))
        }
        world.slowness = 1
        #expect(try await scenario.placements() == before)
        #expect(world.ledger.starts == starts)
        #expect(try await world.judge() == [])
    }

    @Test(
        "F17: when most or all of five edges vanish at once no pod is replaced, neither while they are away nor while they come back",
        arguments: [3, 5])
    func storm(_ gone: Int) async throws {
        let scenario = try await begin(edges: ["rome", "milan", "paris", "lyon", "nice"])
        let world = scenario.world
        let before = try await scenario.placements()
        for name in world.names.prefix(gone) { try world.block(name) }
        try await world.run(for: .seconds(45))
        #expect(world.hub?.hub.context.isStorm == true)
        #expect(try await scenario.placements() == before)
        #expect(try await world.judge() == [])
        #expect(world.hub?.hub.context.isStorm == false)
        #expect(world.hubEvents["EvictionHeld"] == 1 && world.hubEvents["EvictionResumed"] == 1)
        #expect(try await scenario.placements() == before)
    }

    @Test(
        "F18: an edge that returns after long follows what has changed: stale things go, what is kept has the right revision"
    )
    func longAway() async throws {
        let scenario = try await begin()
        let world = scenario.world
        try await world.user.offload("stay", ["causeway.io/on-disconnect": "keep"], in: world)
        world.origin.want(Origin.Workload(name: "rock", namespace: "stay", count: 4, isJob: false))
        #expect(try await world.judge() == [])
        let rocks = try await world.origin.pods(of: try #require(world.origin.workloads["rock"]))
        let edge = String(try #require(rocks.first?.spec["nodeName"]?.string).dropFirst("liqo-".count))
        try world.block(edge)
        try await world.run(for: .seconds(30))
        let kept = try #require(rocks.first { $0.spec["nodeName"]?.string == Names.virtualNode(edge) })
        _ = try await world.origin.cluster.merge(
            .pods, namespace: "stay", name: kept.name, ["metadata": ["labels": ["revision": "2"]]])
        try await world.user.unoffload("shop", in: world)
        try await world.run(for: .seconds(150))
        #expect(try await world.judge() == [])
        let there = try await world.site(edge).cluster.get(.pods, namespace: "stay", name: kept.name)
        #expect(there.label(Names.originUIDLabel) == kept.uid)
        #expect(there.label("revision") == "2")
        #expect(try await world.site(edge).cluster.find(.namespaces, name: "shop") == nil)
    }

    @Test(
        "F18: an edge that returns after two hours, its hub and its agent started anew meanwhile, runs nothing twice and keeps what waited for it"
    )
    func hoursAway() async throws {
        let scenario = try await begin()
        let world = scenario.world
        try await world.user.offload("stay", ["causeway.io/on-disconnect": "keep"], in: world)
        world.origin.want(Origin.Workload(name: "rock", namespace: "stay", count: 4, isJob: false))
        #expect(try await world.judge() == [])
        func rocks() async throws -> [String: String] {
            let pods = try await world.origin.pods(of: try #require(world.origin.workloads["rock"]))
            return Dictionary(uniqueKeysWithValues: pods.map { ($0.uid, $0.spec["nodeName"]?.string ?? "") })
        }
        let (before, starts) = (try await rocks(), world.ledger.starts)
        let lost = try await scenario.pods(on: "rome")
        try world.block("rome")
        try await world.run(for: .seconds(60))
        world.slowness = 60
        try await world.run(for: .seconds(3600))
        #expect(scenario.state("rome") == .lost)
        try await world.killHub()
        try await world.killAgent("rome")
        try await world.run(for: .seconds(3600))
        #expect(scenario.state("rome") == .lost)
        #expect(world.ledger.starts == starts + lost.count, "replaced once")
        world.slowness = 1
        #expect(try await world.judge() == [])
        #expect(try await rocks() == before, "who waits for the edge is where it was")
        #expect(world.ledger.starts == starts + lost.count, "nothing was started by the return")
    }

    @Test("F19: a virtual node, a pod at the origin and a pod at its edge that are deleted by hand are made again")
    func byHand() async throws {
        let scenario = try await begin()
        let world = scenario.world
        let before = try await scenario.placements()
        let identity = try await world.origin.cluster.get(.nodes, namespace: nil, name: "liqo-rome").label(
            Names.remoteClusterIDLabel)
        try await world.origin.cluster.delete(.nodes, namespace: nil, name: "liqo-rome", DeleteOptions())
        #expect(try await world.judge() == [])
        let node = try await world.origin.cluster.get(.nodes, namespace: nil, name: "liqo-rome")
        #expect(node.label(Names.remoteClusterIDLabel) == identity)
        let edge = try #require(try await busiest(scenario))
        let pod = try #require(try await world.site(edge).cluster.list(.pods).items.first { !$0.isFinishedPod })
        try await world.site(edge).cluster.delete(.pods, namespace: pod.namespace, name: pod.name, DeleteOptions())
        #expect(try await world.judge() == [])
        #expect(try await scenario.placements() == before, "the origin's pods stay the same")
        let uid = try #require(before.keys.sorted().first)
        let origin = try #require(try await world.origin.cluster.list(.pods).items.first { $0.uid == uid })
        try await world.origin.delete(origin)
        #expect(try await world.judge() == [])
        #expect(try await scenario.placements()[uid] == nil)
    }

    @Test("F21: an edge whose API is down shows Degraded, takes no new pods and keeps those it has")
    func degraded() async throws {
        let scenario = try await begin()
        let world = scenario.world
        let before = try await scenario.placements()
        try world.site("rome").reach.isAway = true
        let isDegraded = try await world.run(atMost: .seconds(5)) { scenario.state("rome") == .degraded }
        #expect(isDegraded)
        world.origin.want(Origin.Workload(name: "more", namespace: "shop", count: 3, isJob: false))
        try await world.run(for: .seconds(15))
        let more = try await world.origin.pods(of: try #require(world.origin.workloads["more"]))
        #expect(more.allSatisfy { $0.spec["nodeName"] == "liqo-milan" })
        #expect(try await scenario.placements() == before)
        #expect(try await world.judge() == [])
        #expect(scenario.state("rome") == .ready)
    }
}
