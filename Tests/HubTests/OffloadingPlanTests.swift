import JSONTree
import KubernetesModel
import OffloadingModel
import Testing

@testable import Hub

@Suite("Where a namespace is offloaded to")
struct OffloadingPlanTests {
    private func edge(
        _ name: String, type: String = "destination", active: Bool = true, _ state: RemoteNamespaceState.Phase? = nil
    )
        -> EdgeView
    {
        EdgeView(
            name: name, clusterID: "ab12cd34-0000", labels: ["topology.liqo.io/type": type], isActive: active,
            isConnected: true,
            namespaces: state.map { ["shop": RemoteNamespaceState(phase: $0, message: "why")] } ?? [:])
    }

    private func plan(_ edges: [EdgeView], selector: JSON? = nil, strategy: String = "Remote") -> OffloadingPlan {
        var spec: JSON = ["namespaceMappingStrategy": "EnforceSameName", "podOffloadingStrategy": .string(strategy)]
        spec["clusterSelector"] = selector
        let object = KubernetesObject(.namespaceOffloadings, name: "offloading", namespace: "shop", ["spec": spec])
        return OffloadingPlan(NamespaceOffloading(object), edges: edges, originName: "cloud", originHash: "abcdef")
    }

    private let destinations: JSON = [
        "nodeSelectorTerms": [
            ["matchExpressions": [["key": "topology.liqo.io/type", "operator": "In", "values": ["destination"]]]]
        ]
    ]

    @Test("the phase follows the edges' answers")
    func phases() {
        #expect(plan([]).phase == .noClusterSelected)
        #expect(plan([edge("a", type: "other", .ready)], selector: destinations).phase == .noClusterSelected)
        #expect(plan([edge("a")]).phase == .inProgress)
        #expect(plan([edge("a", .ready), edge("b", .creating)]).phase == .inProgress)
        #expect(plan([edge("a", .ready), edge("b", .ready)]).phase == .ready)
        #expect(plan([edge("a", .ready), edge("b", .conflict)]).phase == .someFailed)
        #expect(plan([edge("a", .conflict)]).phase == .allFailed)
        #expect(plan([edge("a", .ready)], strategy: "Local").phase == .noClusterSelected)
    }

    @Test("only active edges that the selector picks are selected")
    func selection() {
        let edges = [edge("a"), edge("b", type: "other"), edge("c", active: false)]
        #expect(plan(edges, selector: destinations).selected == ["a"])
        #expect(plan(edges).selected == ["a", "b"])
    }

    @Test("a broken selector selects nothing and says why")
    func broken() {
        let plan = plan(
            [edge("a")], selector: ["nodeSelectorTerms": [["matchExpressions": [["key": "a", "operator": "Near"]]]]])
        #expect(plan.selected.isEmpty)
        #expect(plan.problem?.message.contains("clusterSelector") == true)
    }

    @Test("conditions are listed per edge and keep their transition times")
    func status() {
        let first = plan([edge("a")]).status(before: [:], generation: 1, now: 100)
        let second = plan([edge("a", .ready)]).status(before: first, generation: 1, now: 200)
        let conditions = second["remoteNamespacesConditions"]?["a-ab12cd"]
        #expect(
            Conditions.find("OffloadingRequired", in: conditions)?["lastTransitionTime"]?.string == Timestamp.text(100))
        #expect(Conditions.find("Ready", in: conditions)?["lastTransitionTime"]?.string == Timestamp.text(200))
        #expect(Conditions.find("Ready", in: conditions)?["reason"] == "NamespaceCreated")
    }
}
