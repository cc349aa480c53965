import JSONTree
public import KubernetesModel

/// The Services, ReplicaSets and ReplicationControllers of a cluster, as far as they tell which pods belong together: pods that
/// name no spread constraints are spread among those of the same Service and workload.
public struct Workloads: Sendable {
    private struct Controller: Hashable {
        let apiVersion: String
        let kind: String
        let key: ObjectKey
    }

    /// The kinds that count; others are passed over.
    public static let types: [ResourceType] = [.services, .replicaSets, .replicationControllers]

    /// By namespace and name; those without a selector are left out.
    private var services: [String: [String: LabelSelector]] = [:]
    private var controllers: [Controller: LabelSelector] = [:]

    public init() {}

    /// Takes over an object of one of the types as it is now; `nil` when it is gone.
    public mutating func set(_ type: ResourceType, _ key: ObjectKey, to object: KubernetesObject?) {
        let selector = object?.spec["selector"]
        if type == .services {
            let labels = selector?.stringMap ?? [:]
            services[key.namespace, default: [:]][key.name] = labels.isEmpty ? nil : LabelSelector(matchLabels: labels)
            if services[key.namespace]?.isEmpty == true { services[key.namespace] = nil }
        } else if type == .replicationControllers {
            controllers[Controller(apiVersion: type.apiVersion, kind: type.kind, key: key)] =
                selector?.stringMap.map { LabelSelector(matchLabels: $0) }
        } else if type == .replicaSets {
            controllers[Controller(apiVersion: type.apiVersion, kind: type.kind, key: key)] =
                selector.flatMap { try? LabelSelector($0) }
        }
    }

    /// Selects the pods of the same Services and workload (kube-scheduler's `DefaultSelector`); `nil` for a pod of none.
    public func selector(of pod: KubernetesObject) -> LabelSelector? {
        var requirements: [LabelSelector.Requirement] = []
        func add(_ selector: LabelSelector) {
            for requirement in selector.requirements where !requirements.contains(requirement) {
                requirements.append(requirement)
            }
        }
        if let services = services[pod.namespace] {
            let labels = pod.labels
            for (_, selector) in services where selector.matches(labels) { add(selector) }
        }
        if let owner = pod.controller {
            let key = ObjectKey(namespace: pod.namespace, name: owner.name)
            let controller = Controller(apiVersion: owner.apiVersion, kind: owner.kind, key: key)
            controllers[controller].map(add)
        }
        guard !requirements.isEmpty else { return nil }
        // The same pods make the same selector, whatever order the Services come in.
        return LabelSelector(requirements.sorted { Self.rank($0) < Self.rank($1) })
    }

    private static func rank(_ requirement: LabelSelector.Requirement) -> (String, String, String) {
        (requirement.key, requirement.operator.rawValue, requirement.values.joined(separator: ","))
    }
}
