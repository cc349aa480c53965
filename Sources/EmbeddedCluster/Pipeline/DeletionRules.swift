import ClusterAPI
import JSONTree
import KubernetesModel

/// How a deletion changes an object that is not gone at once (`apiserver/pkg/registry/generic` and `rest`).
enum DeletionRules {
    /// Held until the collector has cut the dependents loose.
    static let orphanFinalizer = "orphan"
    /// Held until the collector has deleted the dependents.
    static let foregroundFinalizer = "foregroundDeletion"

    /// The propagation as finalizers; `nil` leaves what the object has.
    static func setFinalizers(_ object: inout KubernetesObject, _ propagation: DeleteOptions.Propagation?) {
        guard let propagation else { return }
        var finalizers = object.finalizers.filter { $0 != orphanFinalizer && $0 != foregroundFinalizer }
        switch propagation {
        case .background: break
        case .orphan: finalizers.append(orphanFinalizer)
        case .foreground: finalizers.append(foregroundFinalizer)
        }
        if finalizers != object.finalizers { object.finalizers = finalizers }
    }

    /// Sets the times of a deletion; a later one may only shorten the grace period.
    static func mark(
        _ object: inout KubernetesObject, _ old: KubernetesObject, grace: Int, now: Int,
        _ definition: ResourceDefinition
    ) {
        if old.isBeingDeleted {
            guard let before = old.deletionGracePeriodSeconds, grace < before else { return }
            let marked = old.deletionTimestamp.flatMap(Timestamp.seconds) ?? now
            object.json["metadata", "deletionTimestamp"] = .string(Timestamp.text(marked - before + grace))
            object.json["metadata", "deletionGracePeriodSeconds"] = JSON(grace)
            return
        }
        object.json["metadata", "deletionTimestamp"] = .string(Timestamp.text(now + grace))
        if definition.type != .namespaces { object.json["metadata", "deletionGracePeriodSeconds"] = JSON(grace) }
        if old.generation > 0 { object.json["metadata", "generation"] = JSON(old.generation + 1) }
        definition.strategy.markDeleted(&object)
    }
}
