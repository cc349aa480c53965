import ClusterAPI
import JSONTree
import KubernetesModel
import Testing

@testable import EmbeddedCluster

@Suite("The graph of owners")
struct GarbageGraphTests {
    private func object(
        _ name: String, owners: [(String, blocks: Bool)] = [], deleting finalizer: String? = nil,
        namespace: String = "default"
    ) -> KubernetesObject {
        var object = KubernetesObject(.configMaps, name: name, namespace: namespace)
        object.json["metadata", "uid"] = .string(name)
        object.ownerReferences = owners.map {
            OwnerReference(
                apiVersion: "v1", kind: "ConfigMap", name: $0.0, uid: $0.0, blockOwnerDeletion: $0.blocks)
        }
        if let finalizer {
            object.json["metadata", "deletionTimestamp"] = "2026-11-21T08:00:00Z"
            object.finalizers = [finalizer]
        }
        return object
    }

    private func graph(_ objects: [KubernetesObject]) -> GarbageGraph {
        var graph = GarbageGraph()
        for object in objects { _ = graph.apply(InformerChange(old: nil, new: object), .configMaps) }
        return graph
    }

    private func decision(_ graph: GarbageGraph, _ uid: String, absent: Set<String> = []) -> String {
        var owners = AbsentOwners()
        for uid in absent { owners.insert(uid: uid) }
        return switch graph.decide(uid, absent: owners) {
        case .nothing: "nothing"
        case .verify(let owners): "verify \(owners.map(\.uid).joined(separator: ","))"
        case .release(_, let owners): "release \(owners.sorted().joined(separator: ","))"
        case .delete(_, let propagation): "delete \(propagation)"
        case .orphan(_, let dependents): "orphan \(dependents.map(\.uid).sorted().joined(separator: ","))"
        case .finishForeground: "finish"
        case .lookAt(let uids): "look at \(uids.sorted().joined(separator: ","))"
        }
    }

    @Test("an object goes when its last owner is known to be gone, and not before")
    func background() {
        let alone = graph([object("child", owners: [("a", false), ("b", false)])])
        #expect(decision(alone, "child") == "verify a,b")
        #expect(decision(alone, "child", absent: ["a"]) == "verify b")
        #expect(decision(alone, "child", absent: ["a", "b"]) == "delete background")
        let held = graph([object("b"), object("child", owners: [("a", false), ("b", false)])])
        #expect(decision(held, "child", absent: ["a"]) == "release a")
        #expect(decision(graph([object("a"), object("child", owners: [("a", false)])]), "child") == "nothing")
    }

    @Test("an owner in another namespace is none")
    func otherNamespace() {
        let graph = graph([object("a", namespace: "other"), object("child", owners: [("a", false)])])
        #expect(decision(graph, "child") == "delete background")
    }

    @Test("foreground deletion waits for dependents that block, and deletes all of them")
    func foreground() {
        var graph = graph([
            object("a", deleting: GarbageGraph.foreground), object("blocks", owners: [("a", true)]),
            object("free", owners: [("a", false)]), object("grandchild", owners: [("blocks", true)]),
        ])
        #expect(decision(graph, "a") == "look at blocks")
        #expect(decision(graph, "blocks") == "delete foreground")
        #expect(decision(graph, "free") == "delete background")
        let affected = graph.apply(
            InformerChange(old: object("blocks", owners: [("a", true)]), new: nil), .configMaps)
        #expect(affected.contains("a") && affected.contains("grandchild"))
        #expect(decision(graph, "a") == "finish")
    }

    @Test("objects that own each other in a circle go, though each blocks the next")
    func circle() {
        let foreground = GarbageGraph.foreground
        let begun = graph([
            object("a", owners: [("c", true)], deleting: foreground), object("b", owners: [("a", true)]),
            object("c", owners: [("b", true)]),
        ])
        #expect(decision(begun, "a") == "look at b")
        #expect(decision(begun, "b") == "delete foreground")
        let closed = graph([
            object("a", owners: [("c", true)], deleting: foreground),
            object("b", owners: [("a", true)], deleting: foreground),
            object("c", owners: [("b", true)], deleting: foreground), object("leaf", owners: [("c", true)]),
        ])
        #expect(decision(closed, "b") == "finish")
        // What is not of the circle is waited for.
        #expect(decision(closed, "c") == "look at leaf")
    }

    @Test("orphaning takes the owner off its dependents first")
    func orphan() {
        let graph = graph([object("a", deleting: GarbageGraph.orphan), object("child", owners: [("a", true)])])
        #expect(decision(graph, "a") == "orphan child")
        #expect(decision(graph, "child") == "nothing")
    }

    @Test("the removal of an owner brings its dependents up")
    func removal() {
        var graph = graph([object("a"), object("x", owners: [("a", false)]), object("y", owners: [("a", false)])])
        let affected = graph.apply(InformerChange(old: object("a"), new: nil), .configMaps)
        #expect(Set(affected) == ["x", "y"])
    }
}
