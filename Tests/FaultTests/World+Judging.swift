import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit

extension World {
    /// Everything that was broken is whole again, and everybody is there.
    func mendAll() async throws {
        messages.cut(at: [])
        visits.hurry()
        hubSteps.spare()
        for name in names {
            try mend(name)
            let site = try site(name)
            site.line = Line()
            site.steps.spare()
            site.reach.isAway = false
            site.isSlowToRead = false
            clock.skew(name, by: 0)
            try await startAgent(name)
        }
        clock.skew(Self.hubName, by: 0)
        hubReach.isAway = false
        try await startHub()
        note("all is mended")
    }

    /// Mends everything and waits for rest.
    ///
    /// - Returns: what is wrong; empty where all that was promised holds.
    func judge() async throws -> [String] {
        try await mendAll()
        // Whoever is well for a while may get its share of pods then, one after the other.
        for _ in 0..<12 {
            let isQuiet = try await run(atMost: .seconds(90)) { try await unrest() == nil }
            if !isQuiet { return ledger.violations + ["no rest after 90 s: \(try await unrest() ?? "") (I2)"] }
            // What is at rest stays so.
            let moves = hubEvents["Rebalancing"]
            try await run(for: .seconds(4))
            guard let unrest = try await unrest() else { return ledger.violations }
            guard hubEvents["Rebalancing"] > moves else {
                return ledger.violations + ["rest did not last: \(unrest) (I2)"]
            }
        }
        return ledger.violations + ["pods move without end (I5)"]
    }

    /// What is not yet as it is wanted; `nil` where live equals wanted everywhere.
    func unrest() async throws -> String? {
        guard hub?.isReady == true else { return "the hub is not there" }
        for name in names {
            if let unrest = try await unrest(of: name) { return unrest }
        }
        if let unrest = visitUnrest() { return unrest }
        var wanted: Set<String> = []
        for name in origin.workloads.keys.sorted() {
            guard let workload = origin.workloads[name] else { continue }
            let (live, unrest) = try await unrest(of: workload)
            if let unrest { return unrest }
            wanted.formUnion(live)
        }
        let running = Set(ledger.running.keys)
        if running != wanted {
            return "wanted but not running: \(wanted.subtracting(running).sorted()), "
                + "running but not wanted: \(running.subtracting(wanted).sorted())"
        }
        return nil
    }

    private func unrest(of edge: String) async throws -> String? {
        let site = try site(edge)
        guard site.agent != nil else { return "the agent of \(edge) is not there" }
        let node = try await origin.cluster.find(.nodes, name: Names.virtualNode(edge))
        switch user.peerings[edge] {
        case .peered:
            guard let node else { return "the node of \(edge) is missing" }
            let ready = Conditions.isTrue("Ready", in: node.status["conditions"])
            return ready ? nil : "the node of \(edge) is not Ready"
        case .withdrawn:
            return node == nil ? nil : "the node of \(edge) is still there"
        case .unpeered, nil:
            guard node == nil else { return "the node of \(edge) is still there" }
            guard try await origin.cluster.find(.foreignClusters, name: edge) == nil else {
                return "\(edge) is still being unpeered"
            }
            // The edge hears of it by farewell, unless its peering was never stored.
            if site.peerings.all.isEmpty == false { return "\(edge) still knows its hub" }
            if site.machine.count > 0 { return "\(edge) runs pods for a hub that was unpeered" }
            let namespaces = try await site.cluster.list(.namespaces).items.map(\.name)
            return namespaces == [Names.systemNamespace] ? nil : "\(edge) still has the namespaces \(namespaces)"
        }
    }

    /// The uids of the pods that should run, and whether the origin says what it should.
    private func unrest(of workload: Origin.Workload) async throws -> (live: Set<String>, unrest: String?) {
        let pods = try await origin.pods(of: workload)
        let active = pods.filter { !$0.isFinishedPod }
        if workload.isJob {
            let done = pods.filter { $0.status["phase"] == "Succeeded" }.count
            let canRun = user.isOffloaded(workload.namespace) && names.contains { user.peerings[$0] == .peered }
            guard canRun else { return ([], nil) }
            let isDone = done == workload.count && active.isEmpty
            return ([], isDone ? nil : "\(done) of \(workload.count) pods of \(workload.name) are done")
        }
        if let ending = pods.first(where: \.isBeingDeleted) { return ([], "\(ending.name) is on its way out") }
        guard active.count == workload.count else {
            return ([], "\(workload.name) has \(active.count) pods, \(workload.count) are wanted")
        }
        guard user.isOffloaded(workload.namespace), names.contains(where: { user.peerings[$0] == .peered }) else {
            let placed = active.first { $0.spec["nodeName"] != nil }
            return ([], placed.map { "\($0.name) is placed though nothing takes it" })
        }
        for pod in active {
            guard pod.status["phase"] == "Running", Conditions.isTrue("Ready", in: pod.status["conditions"]) else {
                return ([], "\(pod.name) on \(pod.spec["nodeName"]?.string ?? "no node") is not Running and Ready")
            }
            let edge = pod.spec["nodeName"]?.string.map { String($0.dropFirst("liqo-".count)) } ?? ""
            let places = ledger.running[pod.uid] ?? []
            guard places.count == 1, places.first?.hasPrefix("\(edge)/") == true else {
                return ([], "\(pod.name) runs at \(places.sorted()), and should once at \(edge)")
            }
        }
        return (Set(active.map(\.uid)), nil)
    }
}
