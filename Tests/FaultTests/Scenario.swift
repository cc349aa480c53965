import JSONTree
import KubernetesModel
import OffloadingModel
import Scheduling
import Testing

@testable import Hub

/// Who makes the connections of a run's peerings.
enum DiallingSide: Sendable, CaseIterable {
    case hub
    case edge
}

/// The life of a peering that the exhaustive runs break at each of its steps: it peers, runs and finishes pods, changes its
/// mind, and ends one of the two peerings.
struct Scenario {
    let world: World

    static func begin(
        seed: UInt64, edges: [String] = ["rome", "milan"], dialling: DiallingSide = .hub
    ) async throws -> Scenario {
        let world = try await World(seed: seed, edges: edges, joining: dialling == .edge ? Set(edges) : [])
        try await world.startHub()
        for name in edges { try await world.startAgent(name) }
        return Scenario(world: world)
    }

    /// Peered, with three pods that stay and two that end.
    func settle(grace: String = "3s") async throws {
        try await want(grace: grace)
        #expect(try await world.judge() == [])
    }

    func want(grace: String = "3s") async throws {
        try await world.user.offload("shop", ["causeway.io/grace-period": grace], in: world)
        for name in world.names { try await world.user.peer(name, in: world) }
        world.origin.want(Origin.Workload(name: "app", namespace: "shop", count: 3, isJob: false))
        world.origin.want(Origin.Workload(name: "job", namespace: "shop", count: 2, isJob: true))
    }

    /// The whole life, whatever is broken meanwhile.
    func live() async throws {
        try await want()
        try await world.run(for: .seconds(4))
        world.origin.want(Origin.Workload(name: "app", namespace: "shop", count: 2, isJob: false))
        try await world.run(for: .seconds(1))
        try await world.user.unpeer(world.names[0], in: world)
        try await world.run(for: .seconds(2))
    }

    /// The uids of the origin's pods of the workload that stays, by the edge that they are on.
    func placements() async throws -> [String: String] {
        guard let workload = world.origin.workloads["app"] else { return [:] }
        let pods = try await world.origin.pods(of: workload).filter { !$0.isFinishedPod && !$0.isBeingDeleted }
        return Dictionary(uniqueKeysWithValues: pods.map { ($0.uid, $0.spec["nodeName"]?.string ?? "") })
    }

    func pods(on edge: String) async throws -> Set<String> {
        Set(try await placements().filter { $0.value == Names.virtualNode(edge) }.keys)
    }

    /// The state that the hub gives an edge.
    func state(_ edge: String) -> EdgeState? { world.hub?.hub.context.edges[edge]?.state }
}
