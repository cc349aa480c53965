public import JSONTree

/// A pod's quality of service class, which follows from what its containers request and are limited to.
public enum PodQuality {
    /// `BestEffort`, `Burstable` or `Guaranteed`.
    ///
    /// - Parameter spec: a pod's spec, its requests filled in from its limits.
    public static func of(_ spec: JSON) -> String {
        let containers = (spec["initContainers"]?.array ?? []) + (spec["containers"]?.array ?? [])
        var requestsAny = false
        var isGuaranteed = true
        for container in containers {
            let requests = PodRequests.amounts(container["resources"]?["requests"])
            let limits = PodRequests.amounts(container["resources"]?["limits"])
            for name in ["cpu", "memory"] {
                let request = requests[name] ?? .zero
                let limit = limits[name] ?? .zero
                if !request.isZero || !limit.isZero { requestsAny = true }
                if limit.isZero || (!request.isZero && request != limit) { isGuaranteed = false }
            }
        }
        guard requestsAny else { return "BestEffort" }
        return isGuaranteed ? "Guaranteed" : "Burstable"
    }
}
