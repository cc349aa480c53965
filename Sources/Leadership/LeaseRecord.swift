import JSONTree
package import KubernetesModel

/// Who leads, as a Lease says it (`coordination.k8s.io/v1`).
package struct LeaseRecord: Sendable, Hashable {
    /// Empty where nobody leads.
    package var holder: String
    /// How long the holder counts as alive after it was last heard, in seconds.
    package var durationSeconds: Int
    /// How often the holder has changed.
    package var transitions: Int
    /// When the holder began, and when it was heard last: texts for people; nobody's clock is compared with another's.
    package var acquireTime: String
    package var renewTime: String
    /// The version of the object that this was read from; empty for one that is not there yet.
    package var resourceVersion: String

    package init(
        holder: String, durationSeconds: Int, transitions: Int = 0, acquireTime: String = "", renewTime: String = "",
        resourceVersion: String = ""
    ) {
        self.holder = holder
        self.durationSeconds = durationSeconds
        self.transitions = transitions
        self.acquireTime = acquireTime
        self.renewTime = renewTime
        self.resourceVersion = resourceVersion
    }

    /// What is missing or senseless reads as nobody's.
    package init(_ lease: KubernetesObject) {
        self.init(
            holder: lease.spec["holderIdentity"]?.string ?? "",
            durationSeconds: min(max(lease.spec["leaseDurationSeconds"]?.int ?? 1, 1), 3600),
            transitions: lease.spec["leaseTransitions"]?.int ?? 0,
            acquireTime: lease.spec["acquireTime"]?.string ?? "", renewTime: lease.spec["renewTime"]?.string ?? "",
            resourceVersion: lease.resourceVersion)
    }

    /// The Lease that says so.
    package func lease(name: String, namespace: String) -> KubernetesObject {
        var spec: JSON = [
            "holderIdentity": .string(holder), "leaseDurationSeconds": JSON(durationSeconds),
            "leaseTransitions": JSON(transitions),
        ]
        if !acquireTime.isEmpty { spec["acquireTime"] = .string(acquireTime) }
        if !renewTime.isEmpty { spec["renewTime"] = .string(renewTime) }
        var lease = KubernetesObject(.leases, name: name, namespace: namespace, ["spec": spec])
        if !resourceVersion.isEmpty { lease.json["metadata", "resourceVersion"] = .string(resourceVersion) }
        return lease
    }
}
