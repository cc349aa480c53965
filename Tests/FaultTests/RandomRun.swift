import ClusterAPI
import KubernetesModel
import OffloadingModel
import Testing

/// Faults and wishes as a seed has them, then the judgement.
final class RandomRun {
    let world: World
    /// What was done to it.
    private(set) var story: [String] = []
    private var chance: Chance { world.chance }
    private var backups: [String: EdgeSite.Backup] = [:]

    init(seed: UInt64) async throws {
        // With three edges the storm guard has a say.
        let edges = seed % 4 == 0 ? ["rome", "milan", "paris"] : ["rome", "milan"]
        let joining: Set<String> = [[], ["milan"], ["rome", "milan"]][Int(seed % 3)]
        world = try await World(seed: seed, edges: edges, joining: joining)
    }

    /// - Returns: what is wrong in the end.
    func run() async throws -> [String] {
        try await world.startHub()
        for name in world.names { try await world.startAgent(name) }
        try await world.user.offload("shop", ["causeway.io/grace-period": "3s"], in: world)
        try await world.user.offload("stay", ["causeway.io/on-disconnect": "keep"], in: world)
        try await world.user.offload(
            "fenced", ["causeway.io/grace-period": "8s", "causeway.io/stop-on-edge-after": "6s"], in: world)
        try await world.user.offload(
            "even", ["causeway.io/grace-period": "3s", "causeway.io/rebalance": "4s"], in: world)
        for name in world.names { try await world.user.peer(name, in: world) }
        world.origin.want(
            Origin.Workload(name: "web", namespace: "even", count: 3, isJob: false, isReplicated: true))
        for (name, namespace) in [("app", "shop"), ("rock", "stay"), ("lamb", "fenced")] {
            world.origin.want(Origin.Workload(name: name, namespace: namespace, count: 2, isJob: false))
        }
        world.origin.want(Origin.Workload(name: "job", namespace: "shop", count: 2, isJob: true))
        try await world.run(for: .milliseconds(chance.below(8000)))
        for _ in 0..<(2 + chance.below(7)) {
            try await chance.happens(0.6) ? breakSomething() : wish()
            try await world.run(for: .milliseconds(chance.pick([0, 5, 100, 1000, 3000, 6000, 12000]) ?? 0))
        }
        return try await world.judge()
    }

    private func tell(_ what: String) {
        story.append("\(world.clock.now) \(what)")
        world.note(what)
    }

    private func breakSomething() async throws {
        let edge = chance.pick(world.names) ?? ""
        let site = try world.site(edge)
        switch chance.below(15) {
        case 0, 1:
            tell("\(edge) is cut off")
            try world.block(edge)
        case 2:
            let direction = chance.pick(Connection.Direction.allCases) ?? .toHub
            tell("nothing passes \(direction) of \(edge)")
            try world.block(edge, [direction])
        case 3:
            tell("\(edge) is reachable")
            try world.mend(edge)
        case 4:
            tell("the connection to \(edge) is cut")
            world.cut(edge)
        case 5:
            let time = Duration.milliseconds(100 + chance.below(1900))
            tell("messages of \(edge) take \(time)")
            try world.delay(edge, time)
        case 12:
            tell("the line to \(edge) loses")
            site.line.loss = 0.1
        case 13:
            tell("the line to \(edge) is narrow")
            site.line.bytesPerSecond = 8000
        case 6:
            tell("the hub is killed")
            try await world.killHub()
        case 7:
            tell("the agent of \(edge) is killed")
            try await world.killAgent(edge)
        case 8:
            tell("the hub will be killed at a step")
            world.hubSteps.kill(
                at: world.hubSteps.count + 1 + chance.below(6), chance.pick(PersistedSteps.Moment.allCases) ?? .before)
        case 9:
            tell("the agent of \(edge) will be killed at a step")
            site.steps.kill(
                at: site.steps.count + 1 + chance.below(6), chance.pick(PersistedSteps.Moment.allCases) ?? .before)
        case 10:
            tell("a message will be lost with its connection")
            world.messages.cut(at: [world.messages.count + 1 + chance.below(20)])
        case 11:
            let clock = chance.pick([edge, World.hubName]) ?? edge
            let skew = chance.pick([-3600, -30, 30, 3600]) ?? 0
            tell("the clock of \(clock) jumps by \(skew) s")
            world.clock.skew(clock, by: skew)
        default:
            try await turnBack(edge, site)
        }
    }

    /// Backs the edge up, or restores the backup that there is.
    private func turnBack(_ edge: String, _ site: EdgeSite) async throws {
        guard let backup = backups[edge] else {
            tell("\(edge) is backed up")
            backups[edge] = site.backUp()
            return
        }
        tell("\(edge) is restored from its backup")
        world.ledger.forgivesOldBackup = true
        try await world.killAgent(edge)
        site.restore(backup)
        try await world.startAgent(edge)
    }

    private func wish() async throws {
        let edge = chance.pick(world.names) ?? ""
        let user = world.user
        switch chance.below(12) {
        case 0, 1:
            let name = chance.pick(["app", "rock", "lamb", "web"]) ?? "app"
            guard var workload = world.origin.workloads[name] else { return }
            workload.count = chance.below(5)
            tell("\(name) is to have \(workload.count) pods")
            world.origin.want(workload)
        case 2:
            let name = "job\(world.origin.workloads.count)"
            tell("\(name) is to run")
            world.origin.want(Origin.Workload(name: name, namespace: "shop", count: 1 + chance.below(3), isJob: true))
        case 3:
            try await deleteByHand(edge)
        case 4:
            let namespace = chance.pick(["shop", "stay", "fenced", "even"]) ?? "shop"
            tell("\(namespace) is not offloaded any more")
            try await user.unoffload(namespace, in: world)
        case 5:
            for namespace in ["shop", "stay", "fenced", "even"] where !user.isOffloaded(namespace) {
                tell("\(namespace) is offloaded again")
                try await user.offload(namespace, in: world)
            }
        case 6:
            let wanted: User.Peering = chance.happens(0.5) ? .withdrawn : .peered
            guard user.peerings[edge] != .unpeered else { return }
            tell("\(edge) is to be \(wanted)")
            try await user.want(edge, wanted, in: world)
        case 7:
            tell("\(edge) is unpeered")
            try await user.unpeer(edge, in: world)
        case 8:
            tell("\(edge) revokes the hub's certificate")
            try await user.revoke(edge, in: world)
        case 9, 10:
            tell("\(edge) has visitors")
            for _ in 0...chance.below(6) { world.visitByChance(edge) }
        default:
            tell("\(edge) is peered")
            try await user.peer(edge, in: world)
        }
    }

    private func deleteByHand(_ edge: String) async throws {
        let cluster = chance.happens(0.5) ? world.origin.cluster : try world.site(edge).cluster
        guard let pod = chance.pick(try await cluster.list(.pods).items) else { return }
        // Of what has finished at an edge and is deleted there before anybody has looked, nobody can know.
        if pod.isFinishedPod, let uid = pod.label(Names.originUIDLabel) {
            let known = try await world.origin.cluster.list(.pods).items.first { $0.uid == uid }
            guard known?.isFinishedPod != false else { return }
        }
        tell("\(pod.name) is deleted by hand")
        // An API server gives no grace to what has finished.
        try await cluster.deleteIfPresent(
            .pods, namespace: pod.namespace, name: pod.name,
            DeleteOptions(gracePeriodSeconds: pod.isFinishedPod ? 0 : nil))
    }
}
