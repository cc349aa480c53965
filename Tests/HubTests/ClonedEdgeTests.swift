import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import PeerTransport
import TestKit
import Testing

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
}
