import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import PeerTransport
import TestKit
import Testing

/// What was handed out before a peering ended, or its certificates were revoked, brings nobody back.
@Suite("A peer that was shut out", .timeLimit(.minutes(5)), .serialized) struct ShutOutTests {
    private func with(_ way: Way, _ body: (PeeredPair) async throws -> Void) async throws {
        let pair = try await PeeredPair(way)
        try await pair.run {
            try await pair.peer()
            try await eventually("peered") { try await pair.isEstablished() }
            try await body(pair)
        }
    }

    private func isRefused(_ pair: PeeredPair) async throws -> Bool {
        let dialling = pair.way == .hubDials ? try await pair.peering() : try await pair.incoming()
        return dialling?.condition(.authentication).status == .denied
    }

    @Test(
        "an edge that was unpeered does not come back by a token that was made before, for it or for anybody (A2, A9)",
        arguments: ["rome", nil])
    func unpeered(_ name: String?) async throws {
        try await with(.edgeJoins) { pair in
            let old = try await pair.makeToken(for: name)
            try await pair.unpeer()
            try await eventually("over at both sides") {
                guard try await pair.isForgotten() else { return false }
                return try await pair.peering() == nil
            }
            try await pair.peer(with: old)
            try await eventually("the token is refused") { try await isRefused(pair) }
            #expect(try await pair.peering() == nil)
            #expect(pair.hubAudit.count(of: "token-void") == (name == nil ? 0 : 1))
        }
    }

    @Test("nor does a hub whose peering the edge has turned off (A2, A9)", arguments: ["cloud", nil])
    func turnedOff(_ name: String?) async throws {
        try await with(.hubDials) { pair in
            let old = try await pair.makeToken(for: name)
            _ = try await pair.edge.merge(
                .foreignClusters, name: "cloud", ["spec": ["incomingPeeringEnabled": "No"]])
            try await eventually("the hub is out") { try await isRefused(pair) }
            try await eventually("over at the edge") {
                try await pair.incoming()?.condition(.incoming).reason == "TurnedOff"
            }
            try await pair.edge.delete(.foreignClusters, namespace: nil, name: "cloud", DeleteOptions())
            let refused = pair.edgeAudit.count(of: "token-refused")
            try await pair.peer(with: old)
            try await eventually("the token is refused") { pair.edgeAudit.count(of: "token-refused") > refused }
            #expect(try await pair.incoming() == nil)
        }
    }

    @Test("a token that was made before a revocation does not lift it; a new one does (A9)", arguments: Way.allCases)
    func revoked(_ way: Way) async throws {
        try await with(way) { pair in
            let old = try await pair.makeToken()
            try await pair.revoke()
            try await eventually("Denied") { try await isRefused(pair) }
            let audit = way == .hubDials ? pair.edgeAudit : pair.hubAudit
            try await pair.peer(with: old)
            try await eventually("the token is refused") { audit.count(of: "token-refused") == 1 }
            #expect(try await isRefused(pair))
            try await eventually("it is forgotten") {
                let dialler = way == .hubDials ? pair.origin : pair.edge
                let name = way == .hubDials ? "rome" : "cloud"
                return try await dialler.find(
                    .secrets, namespace: Names.systemNamespace,
                    name: Names.tokenSecret(foreignCluster: name, way == .hubDials ? .outgoing : .incoming)) == nil
            }
            try await pair.peer()
            try await eventually("peered again") { try await pair.isEstablished() }
        }
    }

    @Test("an agent that is told goodbye does not try a token that it still holds (A9)")
    func heldToken() async throws {
        try await with(.edgeJoins) { pair in
            try await eventually("told") { try await pair.incoming()?.isEstablished(.apiServer) == true }
            try await pair.hold(try pair.strangeToken())
            try await pair.unpeer()
            try await eventually("all of it is forgotten") {
                guard try await pair.isForgotten() else { return false }
                return try await pair.edge.list(.secrets).items.isEmpty
            }
            #expect(pair.hubAudit.count(of: "token-refused") == 0)
        }
    }
}
