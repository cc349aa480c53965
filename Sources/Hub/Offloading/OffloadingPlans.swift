import Synchronization

/// The last plan of each offloaded namespace, good while what it was made from is the same.
final class OffloadingPlans: Sendable {
    /// The versions of everything that a plan follows from.
    struct Basis: Sendable, Hashable {
        /// Of the directory of edges.
        let edges: Int
        /// The NamespaceOffloading's uid and version.
        let offloading: String
        /// The namespace's.
        let namespace: String
    }

    private let plans = Mutex<[String: (basis: Basis, plan: OffloadingPlan)]>([:])

    /// The plan of a namespace, made anew where its basis has changed.
    func plan(of namespace: String, _ basis: Basis, make: () -> OffloadingPlan) -> OffloadingPlan {
        if let known = plans.withLock({ $0[namespace] }), known.basis == basis { return known.plan }
        let plan = make()
        plans.withLock { $0[namespace] = (basis, plan) }
        return plan
    }

    func forget(_ namespace: String) { plans.withLock { _ = $0.removeValue(forKey: namespace) } }
}
