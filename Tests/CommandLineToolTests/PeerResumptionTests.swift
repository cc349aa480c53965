import KubernetesModel
import OffloadingModel
import TestKit
import Testing

@testable import CommandLineTool

@Suite struct PeerResumptionTests {
    @Test("peer NAME enables a disabled peering, and leaves it there when it does not come up")
    func resume() async throws {
        let world = World()
        try await world.install(.hub)
        try await world.peer(
            "rome", [.authentication: .established, .network: .established, .outgoing: .none], outgoing: .no)
        #expect(await world.run("peer", "rome", "--timeout", "100ms") == 1)
        #expect(world.errors.written.contains("Failed activating outgoing peering to the remote cluster \"rome\""))
        #expect(try await world.foreignCluster("rome")?.outgoingEnabled == .yes)
        try await world.set(.outgoing, PeeringCondition(.established, "Test"), of: "rome")
        try await world.node("liqo-rome", isReady: true, isVirtual: true)
        #expect(await world.run("peer", "rome") == 0)
        #expect(await world.run("peer", "milan") == 1)
        #expect(world.errors.written.contains("the foreign cluster \"milan\" is not known"))
    }
}
