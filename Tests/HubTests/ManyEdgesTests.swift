import PeerTransport
import TestKit
import Testing

@Suite("Many edges of one hub", .timeLimit(.minutes(5)), .serialized) struct ManyEdgesTests {
    private static let edges = 40

    @Test("edges that all dial at once come in, few at a time, and all are back after the hub was away (F22)")
    func atOnce() async throws {
        // Fewer places than edges: whoever finds none comes again, and loses nothing by it.
        let fleet = try await JoinedFleet(halfOpen: .init(all: 6, perAddress: 6))
        try await fleet.startHub()
        do {
            for number in 0..<Self.edges { try await fleet.join(number) }
            try await eventually("all have joined", within: .seconds(120)) {
                try await fleet.readyCount() == Self.edges
            }
            try await eventually("all are heard", within: .seconds(120)) {
                try await fleet.connectedCount() == Self.edges
            }
            let before = fleet.audit.count(of: "connected")
            await fleet.stopHub()
            try await fleet.startHub()
            try await eventually("all have come anew", within: .seconds(120)) {
                fleet.audit.count(of: "connected") >= before + Self.edges
            }
            try await eventually("all are heard again", within: .seconds(120)) {
                try await fleet.connectedCount() == Self.edges
            }
            #expect(try await fleet.readyCount() == Self.edges)
        } catch {
            await fleet.stop()
            throw error
        }
        await fleet.stop()
    }
}
