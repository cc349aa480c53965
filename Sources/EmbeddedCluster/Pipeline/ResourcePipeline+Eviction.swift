import ClusterAPI
import JSONTree
import KubernetesModel

extension ResourcePipeline {
    /// Deletes a pod unless a disruption budget forbids it (`pods/eviction`).
    ///
    /// The budget is counted from the pods as they are now; budgets that overlap are refused, as Kubernetes does.
    func evict(namespace: String?, name: String, _ body: JSON, _ context: WriteContext) async throws(APIError) {
        let pods = try definition(.pods)
        let pod = try get(pods, namespace: namespace, name: name).object
        var options = try DeleteOptions(body["deleteOptions"])
        if body["deleteOptions"] == nil, let seconds = body["gracePeriodSeconds"]?.int {
            options.gracePeriodSeconds = seconds
        }
        // What does not run, or is going already, disrupts nobody.
        let phase = pod.status["phase"]?.string ?? ""
        if !["Succeeded", "Failed", "Pending"].contains(phase), !pod.isBeingDeleted {
            try checkBudgets(of: pod)
        }
        _ = try await delete(pods, namespace: namespace, name: name, options, context)
    }

    private func checkBudgets(of pod: KubernetesObject) throws(APIError) {
        let all = store.objects(ResourceID(.podDisruptionBudgets), in: pod.namespace).objects.map(\.object)
        let budgets = all.filter { budget in
            guard let json = budget.spec["selector"], let selector = try? LabelSelector(json) else { return false }
            return selector.matches(pod)
        }
        guard budgets.count <= 1 else {
            throw APIError.internalError(
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")
        }
        guard let budget = budgets.first, let json = budget.spec["selector"],
            let selector = try? LabelSelector(json)
        else { return }
        let covered = store.objects(ResourceID(.pods), in: pod.namespace).objects.map(\.object).filter {
            selector.matches($0) && !["Succeeded", "Failed"].contains($0.status["phase"]?.string ?? "")
        }
        let healthy = covered.count {
            Conditions.isTrue("Ready", in: $0.status["conditions"]) && !$0.isBeingDeleted
        }
        let needed = Self.neededHealthy(budget, of: covered.count)
        guard healthy - 1 < needed, Conditions.isTrue("Ready", in: pod.status["conditions"]) else { return }
        var error = APIError.tooManyRequests(
            "Cannot evict pod as it would violate the pod's disruption budget.", retryAfterSeconds: 10)
        error.causes = [
            APIError.Cause(
                reason: "DisruptionBudget",
                message:
                    "The disruption budget \(budget.name) needs \(needed) healthy pods and has \(healthy) currently",
                field: "")
        ]
        throw error
    }

    private static func neededHealthy(_ budget: KubernetesObject, of count: Int) -> Int {
        if let minimum = budget.spec["minAvailable"] { return amount(minimum, of: count) }
        if let maximum = budget.spec["maxUnavailable"] { return max(0, count - amount(maximum, of: count)) }
        return count
    }

    /// A number, or a percentage rounded up.
    private static func amount(_ json: JSON, of count: Int) -> Int {
        if let number = json.int { return number }
        guard let text = json.string, text.hasSuffix("%"), let percent = Int(text.dropLast()) else { return 0 }
        return (count * percent + 99) / 100
    }
}

extension DeleteOptions {
    /// Reads a `DeleteOptions` object; `nil` is an empty one.
    init(_ json: JSON?) throws(APIError) {
        self.init()
        guard let json, !json.isNull else { return }
        gracePeriodSeconds = json["gracePeriodSeconds"]?.int
        uid = json["preconditions", "uid"]?.string
        resourceVersion = json["preconditions", "resourceVersion"]?.string
        isDryRun = !(json["dryRun"]?.strings ?? []).isEmpty
        if let seconds = gracePeriodSeconds, seconds < 0 {
            throw Self.refused("gracePeriodSeconds", "Invalid value: \(seconds): must be greater than or equal to 0")
        }
        if let policy = json["propagationPolicy"]?.string, !policy.isEmpty {
            guard let known = Propagation(rawValue: policy) else {
                throw Self.refused(
                    "propagationPolicy",
                    "Unsupported value: \"\(policy)\": supported values: \"Background\", \"Foreground\", \"Orphan\"")
            }
            propagation = known
        } else if let orphan = json["orphanDependents"]?.bool {
            propagation = orphan ? .orphan : .background
        }
    }

    private static func refused(_ field: String, _ message: String) -> APIError {
        .invalid(
            group: "meta.k8s.io", kind: "DeleteOptions", name: "",
            [APIError.Cause(reason: "FieldValueInvalid", message: message, field: field)])
    }
}
