public import JSONTree
public import KubernetesModel

/// All of a pending pod that a decision looks at, which is all but its name: pods made from one template share it, and with it
/// what was found out about the nodes.
///
/// A class, because it is compared far more often than made, and because thousands of pods hold the same one. Immutable.
public final class PodTemplate: Sendable, Hashable {
    public let namespace: String
    public let labels: [String: String]
    /// `spec.nodeName`; empty where the pod names none.
    public let nodeName: String
    public let requests: ResourceCounts
    public let assumedRequests: ResourceCounts
    public let hostPorts: [HostPort]
    public let tolerations: [Toleration]
    public let affinity: RequiredAffinity
    /// Preferred terms with their weights; `nil` where the pod has no preference.
    public let preferences: [PendingPod.Preference]?
    public let constraints: [SpreadConstraint]
    public let affinities: PodAffinities?
    /// The images of its containers and init containers, one each, with their tags.
    public let images: [String]
    /// The hash of everything above, made once.
    private let fingerprint: Int

    /// - Parameter workload: the pods of the same Service or workload, for the constraints that a pod has when it names none.
    /// - Throws: `JSONError` naming the field of the pod that is malformed.
    public init(
        _ pod: KubernetesObject, as placed: PlacedPod, workload: LabelSelector? = nil
    ) throws(JSONError) {
        namespace = placed.key.namespace
        labels = placed.labels
        nodeName = placed.node
        requests = placed.requests
        assumedRequests = placed.assumedRequests
        hostPorts = placed.hostPorts
        tolerations = Toleration.all(of: pod)
        affinity = try RequiredAffinity(pod)
        preferences = try PendingPod.Preference.all(of: pod)
        let constraints = try SpreadConstraint.all(of: pod)
        self.constraints = constraints.isEmpty ? workload.map(SpreadConstraint.defaults) ?? [] : constraints
        affinities = try PodAffinities(pod)
        let spec = pod.json["spec"]
        images = ((spec?["initContainers"]?.array ?? []) + (spec?["containers"]?.array ?? [])).map {
            ImageLocality.normalized($0["image"]?.string ?? "")
        }
        var hasher = Hasher()
        hasher.combine(namespace)
        hasher.combine(labels)
        hasher.combine(nodeName)
        hasher.combine(requests)
        hasher.combine(assumedRequests)
        hasher.combine(hostPorts)
        hasher.combine(tolerations)
        hasher.combine(affinity)
        hasher.combine(preferences)
        hasher.combine(self.constraints)
        hasher.combine(affinities)
        hasher.combine(images)
        fingerprint = hasher.finalize()
    }

    public static func == (left: PodTemplate, right: PodTemplate) -> Bool {
        if left === right { return true }
        return left.fingerprint == right.fingerprint && left.namespace == right.namespace && left.labels == right.labels
            && left.nodeName == right.nodeName && left.requests == right.requests
            && left.assumedRequests == right.assumedRequests && left.hostPorts == right.hostPorts
            && left.tolerations == right.tolerations && left.affinity == right.affinity
            && left.preferences == right.preferences && left.constraints == right.constraints
            && left.affinities == right.affinities && left.images == right.images
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }
}
