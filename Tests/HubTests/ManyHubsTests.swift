import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit
import Testing
import Wire

@Suite("Three hubs with one edge", .timeLimit(.minutes(2)), .serialized) struct ManyHubsTests {
    /// Two hubs dial the edge, the third one is joined by it; all have offloaded a namespace of the same name.
    private func with(_ body: (_ edge: Site, _ hubs: [Site]) async throws -> Void) async throws {
        let edge = try await Site("edge", 9, share: EdgeShare("pods=2") ?? .everything)
        let hubs = [try await Site("rome", 1), try await Site("milan", 2), try await Site("turin", 3)]
        var sites: [(Site, Set<PeerRole>)] = hubs.map { ($0, [.hub]) }
        sites.append((edge, [.agent]))
        try await Site.run(sites) {
            for hub in hubs.dropLast() { try await hub.peer(edge) }
            try await edge.join(hubs[2])
            for hub in hubs {
                try await eventually("\(hub.name) is peered") { try await hub.isOriginOf(edge) }
                try await hub.offload("shop")
                try await eventually("the namespace of \(hub.name) is there") {
                    try await edge.cluster.find(.namespaces, name: edge.namespace("shop", of: hub)) != nil
                }
            }
            try await body(edge, hubs)
        }
    }

    @Test("each has its own namespaces and its own share, and the end of one leaves the others")
    func separate() async throws {
        try await with { edge, hubs in
            // The share is each hub's, not all of theirs together.
            for hub in hubs {
                for name in ["a", "b"] { try await hub.createPod(name, in: "shop", on: edge) }
            }
            for hub in hubs {
                try await eventually("both pods of \(hub.name) are there") {
                    let remote = edge.namespace("shop", of: hub)
                    return try await edge.cluster.list(.pods, namespace: remote, ListOptions()).items.count == 2
                }
            }
            try await hubs[0].createPod("c", in: "shop", on: edge)
            let refusal = try await eventually("the third pod of one hub is refused") {
                try await hubs[0].cluster.list(.coreEvents, namespace: "shop", ListOptions()).items
                    .first { $0.json["reason"]?.string == "FailedReflection" }
            }
            #expect(refusal.json["message"]?.string?.contains("pods") == true)
            #expect(try await edge.pod("c", in: edge.namespace("shop", of: hubs[0])) == nil)

            func uids(_ hub: Site) async throws -> [String] {
                try await edge.cluster.list(.pods, namespace: edge.namespace("shop", of: hub), ListOptions()).items
                    .map(\.uid).sorted()
            }
            var others: [[String]] = []
            for hub in hubs.dropFirst() { others.append(try await uids(hub)) }
            try await hubs[0].cluster.delete(.foreignClusters, namespace: nil, name: "edge", DeleteOptions())
            try await eventually("nothing of the first hub is left") {
                let namespace = try await edge.cluster.find(.namespaces, name: edge.namespace("shop", of: hubs[0]))
                let foreign = try await edge.foreign(hubs[0])
                return namespace == nil && foreign == nil
            }
            for (hub, before) in zip(hubs.dropFirst(), others) {
                #expect(try await uids(hub) == before)
                #expect(try await hub.isOriginOf(edge))
                #expect(try await edge.isEdgeOf(hub))
            }
        }
    }

    @Test("a namespace that one hub has by its own name is no other hub's")
    func sameName() async throws {
        try await with { edge, hubs in
            try await hubs[0].offload("market", .enforceSameName)
            try await eventually("the first hub has it") {
                try await edge.cluster.find(.namespaces, name: "market")?.label(Names.originClusterIDLabel)
                    == hubs[0].id
            }
            try await hubs[1].offload("market", .enforceSameName)
            try await eventually("the second hub is told") {
                try await hubs[1].cluster.find(
                    .namespaceOffloadings, namespace: "market", name: Names.offloading)?
                    .status["offloadingPhase"]?.string == "AllFailed"
            }
            #expect(
                try await edge.cluster.find(.namespaces, name: "market")?.label(Names.originClusterIDLabel)
                    == hubs[0].id)
            // Nor does the second one's end take it away.
            try await hubs[1].cluster.delete(.foreignClusters, namespace: nil, name: "edge", DeleteOptions())
            try await eventually("the second hub is gone") { try await edge.foreign(hubs[1]) == nil }
            #expect(
                try await edge.cluster.find(.namespaces, name: "market")?.label(Names.originClusterIDLabel)
                    == hubs[0].id)
        }
    }
}
