import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import PeerTransport
import TestKit
import Testing

@testable import Hub

@Suite("Two agents with one identity", .timeLimit(.minutes(5)), .serialized) struct ClonedEdgeTests {
    @Test("the second is refused and says why, the first is unharmed, and the operator is told (F20)")
    func cloned() async throws {
        let fleet = try await JoinedFleet(halfOpen: .init())
        try await fleet.startHub()
        do {
            try await fleet.join(0)
            try await eventually("joined", within: .seconds(60)) { try await fleet.connectedCount() == 1 }
            let clone = try await fleet.clone(0)

            try await eventually("it is in the audit log", within: .seconds(60)) {
                fleet.audit.count(of: "duplicate-refused") > 1
            }
            try await eventually("the edge's condition tells", within: .seconds(60)) {
                let told = try await fleet.peering("edge-0")?.condition(.authentication)
                return told?.status == .established && told?.reason == "DuplicateIdentity"
            }
            try await eventually("an event tells", within: .seconds(60)) {
                try await fleet.origin.list(.coreEvents).items.contains { $0.json["reason"] == "DuplicateIdentity" }
            }
            try await eventually("the clone knows why", within: .seconds(60)) {
                let told = try await clone.find(.foreignClusters, name: "cloud").map(ForeignCluster.init)
                return told?.condition(.authentication).reason == "DuplicateIdentity"
            }
            #expect(fleet.audit.count(of: "connected") == 1)
            #expect(fleet.audit.count(of: "disconnected") == 0)
            #expect(try await fleet.connectedCount() == 1)
            #expect(try await fleet.readyCount() == 1)
        } catch {
            await fleet.stop()
            throw error
        }
        await fleet.stop()
    }

    @Test(
        "an agent that comes again after another one proves that both live; the one that came between is refused (F20)")
    func succession() {
        var agents = AgentSuccession()
        func verdicts(_ instances: String...) -> [AgentSuccession.Verdict] { instances.map { agents.answered($0) } }
        #expect(
            verdicts("a", "a", "", "b", "c", "c") == Array(repeating: .taken, count: 6),
            "started anew, as far as is known")
        #expect(verdicts("b") == [.returned])
        #expect(verdicts("c", "b", "c", "") == [.refused, .taken, .refused, .taken])
        #expect(verdicts("d", "b", "d") == [.taken, .returned, .refused])
        for number in 0..<100 { #expect(agents.answered("n\(number)") == .taken) }
    }

    @Test(
        "an edge whose address leads to a clone now and then: the clone is refused once both are known, ends what it has begun, and the operator is told (F20)"
    )
    func dialled() async throws {
        let pair = try await PeeredPair()
        try await pair.run {
            try await pair.peer()
            try await eventually("peered") { try await pair.isEstablished() }
            try await pair.offload()
            try await eventually("offloaded") { try await pair.phase() == "Ready" }
            try await pair.createPod("p")
            try await eventually("the pod is at the edge") { try await pair.edgePod("p") != nil }
            let own = try #require(try await pair.peering()?.authURL)
            let clone = try await pair.startClone()
            func point(to url: String, _ count: Int) async throws {
                _ = try await pair.origin.merge(
                    .foreignClusters, name: "rome", ["spec": ["foreignAuthUrl": .string(url)]])
                try await eventually("connected there", within: .seconds(30)) {
                    pair.hubAudit.count(of: "connected") == count
                }
            }
            try await point(to: clone.url, 2)
            #expect(pair.hubAudit.count(of: "duplicate-refused") == 0, "it may have been started anew")
            func copy() async throws -> KubernetesObject? {
                try await clone.cluster.find(.pods, namespace: "shop", name: "p")
            }
            try await eventually("it has begun what the hub wants of the edge") { try await copy() != nil }
            try await point(to: own, 3)
            #expect(pair.hubAudit.count(of: "duplicate-refused") == 1)
            _ = try await pair.origin.merge(
                .foreignClusters, name: "rome", ["spec": ["foreignAuthUrl": .string(clone.url)]])
            try await eventually("the clone is refused", within: .seconds(30)) {
                pair.hubAudit.count(of: "duplicate-refused") > 1
            }
            #expect(pair.hubAudit.count(of: "connected") == 3)
            try await eventually("it ends what it has begun", within: .seconds(30)) {
                try await copy()?.isBeingDeleted ?? true
            }
            #expect(try await pair.edgePod("p")?.isBeingDeleted == false)
            try await eventually("it says why", within: .seconds(30)) {
                let told = try await clone.cluster.find(.foreignClusters, name: "cloud").map(ForeignCluster.init)
                return told?.condition(.authentication).reason == "DuplicateIdentity"
            }
            #expect(try await pair.origin.list(.coreEvents).items.contains { $0.json["reason"] == "DuplicateIdentity" })
            try await point(to: own, 4)
            try await eventually("unharmed", within: .seconds(30)) { try await pair.isEstablished() }
            clone.task.cancel()
            _ = await clone.task.result
        }
    }
}
