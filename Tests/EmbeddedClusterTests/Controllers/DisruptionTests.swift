import ClusterAPI
import JSONTree
import KubernetesModel
import TestKit
import Testing

@testable import EmbeddedCluster

@Suite("Disruption budgets")
struct DisruptionTests {
    private static func budget(_ spec: JSON, status: JSON = [:]) -> KubernetesObject {
        var whole: JSON = ["selector": ["matchLabels": ["app": "web"]]]
        whole.merge(spec)
        return KubernetesObject(
            .podDisruptionBudgets, name: "web", namespace: "default", ["spec": whole, "status": status])
    }

    private static func pod(_ name: String, isReady: Bool) -> PodFacts {
        PodFacts(
            KubernetesObject(
                .pods, name: name, namespace: "default",
                ["status": ["conditions": [["type": "Ready", "status": isReady ? "True" : "False"]]]]))
    }

    @Test(
        "a budget allows what is healthy beyond what it needs",
        arguments: [
            (["minAvailable": 2], 3, 3, 2, 1), (["minAvailable": 2], 1, 3, 2, 0), (["minAvailable": "50%"], 4, 5, 3, 1),
            (["maxUnavailable": 1], 5, 5, 4, 1), (["maxUnavailable": "30%"], 5, 5, 3, 2),
            (["maxUnavailable": 9], 2, 5, 0, 2),
            ([:], 5, 5, 4, 1),
        ] as [(JSON, Int, Int, Int, Int)])
    func allowed(_ spec: JSON, _ healthy: Int, _ wanted: Int, _ desired: Int, _ allowed: Int) {
        let pods = (0..<wanted).map { Self.pod("p\($0)", isReady: $0 < healthy) }
        let status = DisruptionPlan(Self.budget(spec), pods: pods, scales: [wanted], now: 0).status(now: 0)
        #expect(status["expectedPods"]?.int == wanted)
        #expect(status["currentHealthy"]?.int == healthy)
        #expect(status["desiredHealthy"]?.int == desired)
        #expect(status["disruptionsAllowed"]?.int == allowed)
        let condition = Conditions.find("DisruptionAllowed", in: status["conditions"])
        #expect(condition?["reason"]?.string == (allowed > 0 ? "SufficientPods" : "InsufficientPods"))
    }

    @Test("a pod that was evicted counts as gone for two minutes, or until it is")
    func evicted() {
        let budget = Self.budget(
            ["minAvailable": 1],
            status: ["disruptedPods": ["p0": .string(Timestamp.text(1000)), "gone": .string(Timestamp.text(1000))]])
        let pods = [Self.pod("p0", isReady: true), Self.pod("p1", isReady: true)]
        let soon = DisruptionPlan(budget, pods: pods, scales: [], now: 1010)
        #expect(soon.secondsUntilNextChange == 110)
        #expect(soon.status(now: 1010)["disruptedPods"] == ["p0": .string(Timestamp.text(1000))])
        #expect(soon.status(now: 1010)["disruptionsAllowed"] == 0)
        let late = DisruptionPlan(budget, pods: pods, scales: [], now: 1120)
        #expect(late.status(now: 1120)["disruptedPods"] == nil)
        #expect(late.status(now: 1120)["disruptionsAllowed"] == 1)
    }

    @Test("of a Deployment's pods as many can be evicted at once as the budget says, and more once they are replaced")
    func deployment() async throws {
        let house = try await ControllerHouse()
        let api = house.api
        _ = try await api.create(.podDisruptionBudgets, Self.budget(["maxUnavailable": 1]))
        _ = try await api.create(.deployments, Manifest.deployment("web", replicas: 3))
        func isAllowed() async throws -> Bool {
            let status = try await api.get(.podDisruptionBudgets, namespace: "default", name: "web").status
            return status["disruptionsAllowed"] == 1 && status["currentHealthy"] == 3 && status["expectedPods"] == 3
        }
        try await eventually("allows one") { try await isAllowed() }
        let pods = try await house.pods()
        var refusals = 0
        for pod in pods.prefix(2) {
            do {
                _ = try await api.createSubresource(
                    .pods, namespace: "default", name: pod.name, subresource: "eviction",
                    ["apiVersion": "policy/v1", "kind": "Eviction", "metadata": ["name": .string(pod.name)]])
            } catch let error as APIError {
                #expect(error.code == 429)
                refusals += 1
            }
        }
        #expect(refusals <= 1)
        try await eventually("allows one again") { try await isAllowed() }
        await house.stop()
    }
}
