import JSONTree
import KubernetesModel

/// What a PodDisruptionBudget's status says for the pods that are there: values in, values out.
struct DisruptionPlan: Sendable {
    /// How long an evicted pod is taken for gone before it shows that it is. Kubernetes' two minutes.
    static let patience = 120

    /// How many pods there are to be: those there are, or the replicas that their managers want.
    private let expected: Int
    private let desiredHealthy: Int
    private let currentHealthy: Int
    /// Pods that were evicted and are still there, with the time of it.
    private let disrupted: JSONObject
    /// Seconds until the first of `disrupted` counts again; `nil` where there are none.
    let secondsUntilNextChange: Int?
    private let budget: KubernetesObject

    /// - Parameters:
    ///   - pods: those that the budget selects.
    ///   - scales: the replicas wanted by the managers of these pods, each manager once.
    init(_ budget: KubernetesObject, pods: [PodFacts], scales: [Int], now: Int) {
        self.budget = budget
        let wanted = scales.reduce(0, +)
        switch (IntOrPercent(budget.spec["minAvailable"]), IntOrPercent(budget.spec["maxUnavailable"])) {
        case (.count(let count), _):
            expected = pods.count
            desiredHealthy = count
        case (.percent(let percent), _):
            expected = wanted
            desiredHealthy = IntOrPercent.percent(percent).value(of: wanted, roundingUp: true)
        case (nil, let maximum?):
            expected = wanted
            desiredHealthy = max(0, wanted - maximum.value(of: wanted, roundingUp: true))
        case (nil, nil):
            // What a budget without numbers means: none may go.
            expected = wanted
            desiredHealthy = max(0, wanted - 1)
        }
        var kept = JSONObject()
        var next: Int?
        let known = budget.status["disruptedPods"]
        for pod in pods where !pod.isBeingDeleted {
            let name = pod.object.name
            guard let text = known?[name], let time = text.string.flatMap(Timestamp.seconds), time + Self.patience > now
            else { continue }
            kept[name] = text
            next = min(next ?? Int.max, time + Self.patience - now)
        }
        disrupted = kept
        secondsUntilNextChange = next
        currentHealthy = pods.count { $0.isReady && !$0.isBeingDeleted && kept[$0.object.name] == nil }
    }

    private var allowed: Int { expected > 0 ? max(0, currentHealthy - desiredHealthy) : 0 }

    func status(now: Int) -> JSON {
        var conditions = budget.status["conditions"]
        Self.setCondition(allowed: allowed, generation: budget.generation, now: now, in: &conditions)
        var status: JSON = .object(JSONObject())
        status["conditions"] = conditions
        status["currentHealthy"] = JSON(currentHealthy)
        status["desiredHealthy"] = JSON(desiredHealthy)
        if !disrupted.isEmpty { status["disruptedPods"] = .object(disrupted) }
        status["disruptionsAllowed"] = JSON(allowed)
        status["expectedPods"] = JSON(expected)
        status["observedGeneration"] = JSON(budget.generation)
        return status
    }

    /// Says in the conditions whether a pod may be evicted.
    static func setCondition(allowed: Int, generation: Int, now: Int, in conditions: inout JSON?) {
        let type = "DisruptionAllowed"
        Conditions.set(
            type, status: allowed > 0 ? "True" : "False", reason: allowed > 0 ? "SufficientPods" : "InsufficientPods",
            message: "", now: now, in: &conditions, more: ["observedGeneration": JSON(generation), "message": ""])
    }
}
