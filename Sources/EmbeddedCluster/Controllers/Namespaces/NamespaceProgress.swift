import JSONTree
import KubernetesModel

/// What is left in a namespace that is being deleted, and the conditions that say so, in Kubernetes' words.
struct NamespaceProgress: Sendable, Hashable {
    /// Objects left, by their resource's name such as `deployments.apps`.
    var remaining: [String: Int] = [:]
    /// Objects left that carry each finalizer.
    var finalizers: [String: Int] = [:]
    /// What went wrong while deleting; empty where nothing did.
    var problems: [String] = []

    var isDone: Bool { remaining.isEmpty && problems.isEmpty }

    mutating func add(_ objects: [KubernetesObject], of type: ResourceType) {
        guard !objects.isEmpty else { return }
        remaining[type.groupResource, default: 0] += objects.count
        for finalizer in objects.flatMap(\.finalizers) { finalizers[finalizer, default: 0] += 1 }
    }

    /// The namespace's `status` while it goes.
    ///
    /// - Parameter now: seconds since 1970.
    func status(_ old: JSON, now: Int) -> JSON {
        var status = old
        status["phase"] = "Terminating"
        var conditions = old["conditions"]
        func set(_ type: String, _ isTrue: Bool, _ reason: String, _ message: String) {
            Conditions.set(
                type, status: isTrue ? "True" : "False", reason: reason, message: message, now: now, in: &conditions)
        }
        set(
            "NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered", "All resources successfully discovered")
        set(
            "NamespaceDeletionGroupVersionParsingFailure", false, "ParsedGroupVersions",
            "All legacy kube types successfully parsed")
        if problems.isEmpty {
            set(
                "NamespaceDeletionContentFailure", false, "ContentDeleted",
                "All content successfully deleted, may be waiting on finalization")
        } else {
            set(
                "NamespaceDeletionContentFailure", true, "ContentDeletionFailed",
                "Failed to delete all resource types, \(problems.count) remaining: "
                    + problems.sorted().joined(separator: ", "))
        }
        if remaining.isEmpty {
            set("NamespaceContentRemaining", false, "ContentRemoved", "All content successfully removed")
        } else {
            let parts = remaining.keys.sorted().map { resource in
                // Kubernetes writes the group after a dot even where it is empty.
                "\(resource)\(resource.contains(".") ? "" : ".") has \(remaining[resource] ?? 0) resource instances"
            }
            set(
                "NamespaceContentRemaining", true, "SomeResourcesRemain",
                "Some resources are remaining: " + parts.joined(separator: ", "))
        }
        if finalizers.isEmpty {
            set(
                "NamespaceFinalizersRemaining", false, "ContentHasNoFinalizers",
                "All content-preserving finalizers finished")
        } else {
            let parts = finalizers.keys.sorted().map { "\($0) in \(finalizers[$0] ?? 0) resource instances" }
            set(
                "NamespaceFinalizersRemaining", true, "SomeFinalizersRemain",
                "Some content in the namespace has finalizers remaining: " + parts.joined(separator: ", "))
        }
        status["conditions"] = conditions
        return status
    }
}
