import ClusterAPI
import JSONTree
import KubernetesModel

/// What is special about the objects of one resource, as small functions; the defaults do nothing.
///
/// They run on values: no store, no clock but the one they are given.
struct ResourceStrategy: Sendable {
    /// Fills in what a new object gets, after defaults and before validation. Its status has been reset.
    var prepareForCreate: @Sendable (inout KubernetesObject, _ now: Int) -> Void = { _, _ in }
    /// Fills in or keeps what an update may not change; the status is the old one already.
    var prepareForUpdate: @Sendable (inout KubernetesObject, _ old: KubernetesObject) -> Void = { _, _ in }
    /// The status of a new object; `nil` leaves it out.
    var initialStatus: @Sendable (KubernetesObject) -> JSON? = { _ in nil }
    /// Whether a new object may bring its own status, as nodes do.
    var acceptsStatusOnCreate = false
    /// Which parts of the metadata a status update may change.
    var statusMetadata: Set<String> = ["annotations"]
    /// Seconds for which a deletion only marks the object; 0 deletes at once.
    var gracePeriod: @Sendable (KubernetesObject, _ asked: Int?) -> Int = { _, _ in 0 }
    /// Whether something besides `metadata.finalizers` holds an object that is being deleted.
    var isHeld: @Sendable (KubernetesObject) -> Bool = { _ in false }
    /// Marks what a deletion that has to wait changes besides the metadata.
    var markDeleted: @Sendable (inout KubernetesObject) -> Void = { _ in }
    /// Finalizers that every new object gets.
    var finalizersOnCreate: [String] = []
    /// What becomes of the dependents where a deletion does not say.
    var propagation: DeleteOptions.Propagation?
    /// Why an object may not be deleted at all.
    var deletionRefusal: @Sendable (String) -> String? = { _ in nil }
}
