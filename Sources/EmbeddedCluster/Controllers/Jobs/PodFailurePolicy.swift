import JSONTree
import KubernetesModel

/// What the failure of a pod means for its Job (`spec.podFailurePolicy`): the first rule that matches decides.
struct PodFailurePolicy: Sendable {
    enum Action: String, Sendable, Hashable {
        case failJob = "FailJob"
        case failIndex = "FailIndex"
        /// The failure is not counted; the pod is replaced.
        case ignore = "Ignore"
        case count = "Count"
    }

    struct Verdict: Sendable, Hashable {
        /// `nil` where no rule matches.
        var action: Action?
        /// Why the Job fails, with `failJob`.
        var message = ""

        var isCounted: Bool { action != .ignore }
    }

    private let rules: [JSON]

    /// - Returns: `nil` for a Job without a policy.
    init?(_ json: JSON?) {
        guard let rules = json?["rules"]?.array else { return nil }
        self.rules = rules
    }

    func verdict(on pod: KubernetesObject) -> Verdict {
        for (index, rule) in rules.enumerated() {
            guard let action = rule["action"]?.string.flatMap(Action.init) else { continue }
            if let requirement = rule["onExitCodes"], !requirement.isNull {
                guard let (container, code) = Self.exit(of: pod, requirement) else { continue }
                return Verdict(
                    action: action,
                    message:
                        "Container \(container) for pod \(pod.namespace)/\(pod.name) failed with exit code \(code) "
                        + "matching \(action.rawValue) rule at index \(index)")
            }
            if let condition = Self.condition(of: pod, rule["onPodConditions"]?.array ?? []) {
                return Verdict(
                    action: action,
                    message: "Pod \(pod.namespace)/\(pod.name) has condition \(condition) matching \(action.rawValue) "
                        + "rule at index \(index)")
            }
        }
        return Verdict()
    }

    /// The container whose exit code is meant, with the code.
    private static func exit(of pod: KubernetesObject, _ requirement: JSON) -> (container: String, code: Int)? {
        let name = requirement["containerName"]?.string
        let values = Set((requirement["values"]?.array ?? []).compactMap(\.int))
        let wantsMember = requirement["operator"]?.string == "In"
        for list in ["containerStatuses", "initContainerStatuses"] {
            for status in pod.status[list]?.array ?? [] {
                let own = status["name"]?.string ?? ""
                guard name == nil || name == own, let code = status["state", "terminated", "exitCode"]?.int, code != 0,
                    values.contains(code) == wantsMember
                else { continue }
                return (own, code)
            }
        }
        return nil
    }

    private static func condition(of pod: KubernetesObject, _ patterns: [JSON]) -> String? {
        for condition in pod.status["conditions"]?.array ?? [] {
            guard let type = condition["type"]?.string else { continue }
            let matches = patterns.contains {
                $0["type"]?.string == type && $0["status"]?.string ?? "True" == condition["status"]?.string
            }
            if matches { return type }
        }
        return nil
    }
}
