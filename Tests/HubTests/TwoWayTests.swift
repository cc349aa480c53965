import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit
import Testing
import Wire

@Suite("Two clusters, each with a hub and an agent", .timeLimit(.minutes(2)), .serialized) struct TwoWayTests {
    /// Who dials in the peering that is made second; in the first one Rome's hub does.
    enum Second: Sendable, CaseIterable {
        case hubDials
        case edgeJoins
    }

    /// Rome has offloaded `shop`, Milan `farm`, each to the other, and a pod of each is there.
    private func with(_ second: Second, _ body: (_ rome: Site, _ milan: Site) async throws -> Void) async throws {
        let (rome, milan) = (try await Site("rome", 1), try await Site("milan", 2))
        try await Site.run([(rome, [.hub, .agent]), (milan, [.hub, .agent])]) {
            try await rome.peer(milan)
            try await eventually("Milan is an edge of Rome") { try await rome.isOriginOf(milan) }
            switch second {
            case .hubDials: try await milan.peer(rome)
            case .edgeJoins: try await rome.join(milan)
            }
            try await eventually("both ways") { try await arePeered(rome, milan) }
            for (site, other, namespace) in [(rome, milan, "shop"), (milan, rome, "farm")] {
                try await site.offload(namespace)
                try await site.createPod("p", in: namespace, on: other)
                try await eventually("the pod of \(namespace) is at \(other.name)") {
                    try await other.pod("p", in: other.namespace(namespace, of: site)) != nil
                }
            }
            try await body(rome, milan)
        }
    }

    private func arePeered(_ rome: Site, _ milan: Site) async throws -> Bool {
        for (site, other) in [(rome, milan), (milan, rome)] {
            guard try await site.isOriginOf(other), try await site.isEdgeOf(other) else { return false }
            // What both directions speak of is good as well.
            guard let foreign = try await site.foreign(other) else { return false }
            guard [.network, .authentication, .apiServer].allSatisfy({ foreign.isEstablished($0) }) else {
                return false
            }
        }
        return true
    }

    @Test(
        "peer both ways by one object at each, and a pod that came from the other is not sent back",
        arguments: Second.allCases)
    func both(_ second: Second) async throws {
        try await with(second) { rome, milan in
            for (site, other, namespace) in [(rome, milan, "farm"), (milan, rome, "shop")] {
                #expect(try await site.cluster.list(.foreignClusters).items.map(\.name) == [other.name])
                // Its own node is all that it gives: not what it is given.
                #expect(try await other.allocatable(of: site)["cpu"] == "4")
                let remote = site.namespace(namespace, of: other)
                try await site.offload(existing: remote)
                try await eventually("the remote namespace is not offloaded on") {
                    let offloading = try await site.cluster.find(
                        .namespaceOffloadings, namespace: remote, name: Names.offloading)
                    return offloading?.status["offloadingPhase"]?.string == "AllFailed"
                }
                let event = try await eventually("why is told") {
                    try await site.cluster.list(.coreEvents, namespace: remote).items
                        .first { $0.json["reason"]?.string == "RemoteNamespace" }
                }
                #expect(event.json["message"]?.string?.contains("do not go on from here") == true)
                let namespaces = try await other.cluster.list(.namespaces).items.map(\.name)
                #expect(!namespaces.contains { $0.hasPrefix(remote) }, "\(namespaces)")
            }
        }
    }

    @Test("a pod that tolerates everything stays on the other's own nodes")
    func tolerant() async throws {
        try await with(.hubDials) { rome, milan in
            try await rome.createPod("t", in: "shop", on: milan, spec: ["tolerations": [["operator": "Exists"]]])
            let pod = try await eventually("the pod is at Milan") {
                try await milan.pod("t", in: milan.namespace("shop", of: rome))
            }
            let terms =
                pod.spec["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"]?[
                    "nodeSelectorTerms"]
            #expect(
                terms == [
                    [
                        "matchExpressions": [
                            ["key": "liqo.io/type", "operator": "NotIn", "values": ["virtual-node"]]
                        ]
                    ]
                ])
        }
    }

    @Test(
        "an outgoing peering that ends for good leaves the incoming one, and can be made again",
        arguments: Second.allCases)
    func endOutgoing(_ second: Second) async throws {
        try await with(second) { rome, milan in
            let uid = try #require(try await rome.foreign(milan)?.object.uid)
            let kept = try #require(try await rome.pod("p", in: rome.namespace("farm", of: milan))?.uid)
            _ = try await rome.cluster.merge(
                .foreignClusters, name: "milan",
                ["metadata": ["annotations": [Names.endOutgoingAnnotation: "true"]]])
            try await eventually("Rome is no origin of Milan any more") {
                guard let here = try await rome.foreign(milan), let there = try await milan.foreign(rome) else {
                    return false
                }
                return !here.isEdge && here.condition(.outgoing).status == .none
                    && there.condition(.incoming).status == .none
            }
            try await eventually("nothing of Rome's is left at Milan") {
                let remote = milan.namespace("shop", of: rome)
                let isGone = try await milan.cluster.find(.namespaces, name: remote) == nil
                let node = try await rome.cluster.find(.nodes, name: "liqo-milan")
                return isGone && node == nil
            }
            try await eventually("the other way is as it was") {
                let (out, into) = (try await milan.isOriginOf(rome), try await rome.isEdgeOf(milan))
                return out && into
            }
            let foreign = try #require(try await rome.foreign(milan))
            #expect(foreign.object.uid == uid && foreign.authURL.isEmpty && !foreign.has(.outgoing))
            #expect(foreign.isEstablished(.authentication) && foreign.isEstablished(.network))
            #expect(try await rome.pod("p", in: rome.namespace("farm", of: milan))?.uid == kept)
            try await rome.peer(milan)
            try await eventually("both ways again") { try await arePeered(rome, milan) }
            #expect(try await rome.pod("p", in: rome.namespace("farm", of: milan))?.uid == kept)
        }
    }

    @Test("an incoming peering that is turned off leaves the outgoing one", arguments: Second.allCases)
    func endIncoming(_ second: Second) async throws {
        try await with(second) { rome, milan in
            let kept = try #require(try await milan.pod("p", in: milan.namespace("shop", of: rome))?.uid)
            _ = try await rome.cluster.merge(
                .foreignClusters, name: "milan", ["spec": ["incomingPeeringEnabled": "No"]])
            try await eventually("Rome is no edge of Milan any more") {
                let (here, there) = (try await rome.foreign(milan), try await milan.foreign(rome))
                let isGone =
                    try await rome.cluster.find(.namespaces, name: rome.namespace("farm", of: milan)) == nil
                return here?.condition(.incoming).status == PeeringStatus.none && isGone
                    && there?.isEstablished(.outgoing) == false
            }
            try await eventually("the other way is as it was") {
                let (out, into) = (try await rome.isOriginOf(milan), try await milan.isEdgeOf(rome))
                return out && into
            }
            #expect(try await milan.pod("p", in: milan.namespace("shop", of: rome))?.uid == kept)
        }
    }

    @Test("each of the four may start anew without the others noticing more than a reconnect")
    func restarts() async throws {
        try await with(.hubDials) { rome, milan in
            func uids() async throws -> [String?] {
                [
                    try await milan.pod("p", in: milan.namespace("shop", of: rome))?.uid,
                    try await rome.pod("p", in: rome.namespace("farm", of: milan))?.uid,
                    try await rome.foreign(milan)?.object.uid, try await milan.foreign(rome)?.object.uid,
                ]
            }
            let before = try await uids()
            #expect(!before.contains(nil))
            for site in [rome, milan] {
                for role in [PeerRole.hub, .agent] {
                    await site.stop(role)
                    try await site.start(role)
                    try await eventually("both ways again after \(site.name)'s \(role)") {
                        try await arePeered(rome, milan)
                    }
                    #expect(try await uids() == before)
                }
            }
        }
    }

    @Test("an object that is deleted ends the outgoing peering, and comes back for the incoming one")
    func deleted() async throws {
        try await with(.hubDials) { rome, milan in
            try await rome.cluster.delete(.foreignClusters, namespace: nil, name: "milan", DeleteOptions())
            try await eventually("only the incoming peering is left") {
                guard let here = try await rome.foreign(milan), let there = try await milan.foreign(rome) else {
                    return false
                }
                let isEdge = try await rome.isEdgeOf(milan)
                return isEdge && !here.isEdge && here.condition(.outgoing).status == .none
                    && there.condition(.incoming).status == .none && there.isEstablished(.outgoing)
            }
        }
    }
}
