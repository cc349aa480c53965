import ClusterAPI
import JSONTree
import KubernetesModel

extension ResourcePipeline {
    /// Deletes a pod unless a disruption budget forbids it (`pods/eviction`).
    ///
    /// A budget that allows it counts it: its status is what keeps two evictions at once from being one too many.
    func evict(namespace: String?, name: String, _ body: JSON, _ context: WriteContext) async throws(APIError) {
        if let other = body["metadata", "name"]?.string, other != name {
            throw APIError.badRequest("name in URL does not match name in Eviction object")
        }
        let pods = try definition(.pods)
        let pod = try get(pods, namespace: namespace, name: name).object
        var options = try DeleteOptions(body["deleteOptions"])
        if body["deleteOptions"] == nil, let seconds = body["gracePeriodSeconds"]?.int {
            options.gracePeriodSeconds = seconds
        }
        // What does not run, or is going already, disrupts nobody.
        let phase = pod.status["phase"]?.string ?? ""
        if !["Succeeded", "Failed", "Pending"].contains(phase), !pod.isBeingDeleted {
            try await spendBudget(on: pod, context)
        }
        _ = try await delete(pods, namespace: namespace, name: name, options, context)
    }

    private func spendBudget(on pod: KubernetesObject, _ context: WriteContext) async throws(APIError) {
        let budgets = store.objects(ResourceID(.podDisruptionBudgets), in: pod.namespace).objects.filter { budget in
            guard let json = budget.object.spec["selector"], let selector = try? LabelSelector(json) else {
                return false
            }
            return selector.matches(pod)
        }
        guard budgets.count <= 1 else {
            throw APIError(
                code: 500, reason: .none,
                message:
                    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.")
        }
        guard let budget = budgets.first, !Self.isFreeToGo(pod, budget.object) else { return }
        let now = now()
        do throws(APIError) {
            _ = try await modify(try definition(.podDisruptionBudgets), budget.reference, "status", context) {
                (current) throws(APIError) in try Self.spent(current, on: pod.name, now: now)
            }
        } catch {
            // A budget that has just gone forbids nothing.
            guard error.isNotFound else { throw error }
        }
    }

    /// Whether a pod that is not ready may go whatever the budget has left (`unhealthyPodEvictionPolicy`).
    private static func isFreeToGo(_ pod: KubernetesObject, _ budget: KubernetesObject) -> Bool {
        guard !Conditions.isTrue("Ready", in: pod.status["conditions"]) else { return false }
        if budget.spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow" { return true }
        let desired = budget.status["desiredHealthy"]?.int ?? 0
        return desired > 0 && budget.status["currentHealthy"]?.int ?? 0 >= desired
    }

    /// The budget with one disruption less.
    ///
    /// - Throws: 429 where it has none left, or has not been worked out yet.
    private static func spent(
        _ budget: KubernetesObject, on pod: String, now: Int
    ) throws(APIError) -> KubernetesObject {
        let status = budget.status
        guard status["observedGeneration"]?.int ?? 0 >= budget.generation else {
            throw refused(
                "The disruption budget \(budget.name) is still being processed by the server.", retryAfterSeconds: 10)
        }
        let allowed = status["disruptionsAllowed"]?.int ?? 0
        guard allowed > 0 else {
            let (desired, current) = (status["desiredHealthy"]?.int ?? 0, status["currentHealthy"]?.int ?? 0)
            throw refused(
                "The disruption budget \(budget.name) needs \(desired) healthy pods and has \(current) currently")
        }
        var budget = budget
        budget.json["status", "disruptionsAllowed"] = JSON(allowed - 1)
        budget.json["status", "disruptedPods"] = budget.status["disruptedPods"] ?? .object(JSONObject())
        budget.json["status", "disruptedPods", pod] = .string(Timestamp.text(now))
        if allowed == 1 {
            var conditions = status["conditions"]
            DisruptionPlan.setCondition(allowed: 0, generation: budget.generation, now: now, in: &conditions)
            budget.json["status", "conditions"] = conditions
        }
        return budget
    }

    /// - Parameter retryAfterSeconds: what clients wait before they try again by themselves; `nil` leaves it to their users,
    ///   as Kubernetes does with a budget that is spent.
    private static func refused(_ why: String, retryAfterSeconds: Int? = nil) -> APIError {
        var error = APIError.tooManyRequests(
            "Cannot evict pod as it would violate the pod's disruption budget.", retryAfterSeconds: retryAfterSeconds)
        error.causes = [APIError.Cause(reason: "DisruptionBudget", message: why, field: "")]
        return error
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
