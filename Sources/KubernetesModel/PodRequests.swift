public import JSONTree

/// Amounts by resource name, such as `cpu` and `memory` (`core/v1 ResourceList`).
public typealias ResourceAmounts = [String: Quantity]

/// What a pod asks of its node: pure functions of its spec (`k8s.io/component-helpers/resource`).
public enum PodRequests {
    /// What the scheduler assumes for containers that name no request, when it scores (not when it filters):
    /// 100m of CPU and 200Mi of memory each.
    public static let assumed: ResourceAmounts = [
        "cpu": Quantity(milli: 100), "memory": Quantity(200 * 1024 * 1024, format: .binarySI),
    ]

    /// The sum of the containers and sidecars, or the peak of the init phase where that is higher, and the overhead.
    ///
    /// An init container runs beside the sidecars (init containers with `restartPolicy: Always`) that came before it.
    /// `spec.resources`, where given, stands in place of what the containers sum up to.
    ///
    /// Limits are not looked at: an API server makes them requests when a pod is stored without.
    ///
    /// - Parameter assumed: taken for a container's resources that it has no request for.
    public static func total(of pod: KubernetesObject, assuming assumed: ResourceAmounts = [:]) -> ResourceAmounts {
        let spec = pod.json["spec"]
        var total: ResourceAmounts = [:]
        for container in spec?["containers"]?.array ?? [] { total.add(requests(container, assumed)) }
        var sidecars: ResourceAmounts = [:]
        var peak: ResourceAmounts = [:]
        for container in spec?["initContainers"]?.array ?? [] {
            let own = requests(container, assumed)
            if container["restartPolicy"]?.string == "Always" {
                total.add(own)
                sidecars.add(own)
                peak.raise(to: sidecars)
            } else {
                var phase = sidecars
                phase.add(own)
                peak.raise(to: phase)
            }
        }
        total.raise(to: peak)
        for (name, amount) in amounts(spec?["resources"]?["requests"]) { total[name] = amount }
        total.add(amounts(spec?["overhead"]))
        return total
    }

    /// Reads a resource list; what is no quantity is left out, as validation refuses it before it is stored.
    public static func amounts(_ json: JSON?) -> ResourceAmounts {
        var result: ResourceAmounts = [:]
        guard case .object(let object)? = json else { return result }
        for (name, value) in object { result[name] = try? Quantity(value) }
        return result
    }

    private static func requests(_ container: JSON, _ assumed: ResourceAmounts) -> ResourceAmounts {
        var result = assumed
        for (name, amount) in amounts(container["resources"]?["requests"]) { result[name] = amount }
        return result
    }
}

extension ResourceAmounts {
    /// Adds each amount to the one of the same name.
    public mutating func add(_ others: ResourceAmounts) {
        for (name, amount) in others { self[name] = self[name].map { $0 + amount } ?? amount }
    }

    /// Raises each amount to the other of the same name where that is higher.
    public mutating func raise(to others: ResourceAmounts) {
        for (name, amount) in others { self[name] = self[name].map { Swift.max($0, amount) } ?? amount }
    }
}
