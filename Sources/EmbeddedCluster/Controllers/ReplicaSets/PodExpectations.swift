import KubernetesModel
import Synchronization

/// What a controller has done to its pods and not yet seen: until it has, it must not act again on what it sees.
///
/// Kept by the uid of the pods' manager. An expectation ends when the pod, or its going, shows in the register.
final class PodExpectations: Sendable {
    private struct Pending {
        var created: [String: ObjectKey] = [:]
        var deleted: [String: ObjectKey] = [:]
        /// When the youngest of them began.
        var since = ContinuousClock.now
        var isEmpty: Bool { created.isEmpty && deleted.isEmpty }
    }

    private let pending = Mutex<[String: Pending]>([:])

    func expectCreation(of pod: KubernetesObject, by owner: String) {
        pending.withLock { pending in
            pending[owner, default: Pending()].created[pod.uid] = pod.key
            pending[owner]?.since = .now
        }
    }

    func expectDeletion(of pod: KubernetesObject, by owner: String) {
        pending.withLock { pending in
            pending[owner, default: Pending()].deleted[pod.uid] = pod.key
            pending[owner]?.since = .now
        }
    }

    func forget(_ owner: String) { pending.withLock { _ = $0.removeValue(forKey: owner) } }

    /// Ends the expectations that `find` shows to be met, and tells whether all are.
    ///
    /// - Parameter find: the pod as it was seen last.
    func areMet(by owner: String, _ find: (ObjectKey) -> PodFacts?) -> Bool {
        pending.withLock { pending in
            guard var own = pending[owner] else { return true }
            own.created = own.created.filter { uid, key in find(key)?.object.uid != uid }
            own.deleted = own.deleted.filter { uid, key in
                guard let pod = find(key) else { return false }
                return pod.object.uid == uid && !pod.isBeingDeleted
            }
            pending[owner] = own.isEmpty ? nil : own
            return own.isEmpty
        }
    }

    /// Ends what was expected of `owner` where the cluster itself, asked by `find`, shows that it will not be seen any more:
    /// a pod that came and went between two looks.
    ///
    /// - Parameter age: younger expectations are left alone; mostly they are changes on their way here.
    func settle(
        _ owner: String, olderThan age: Duration, _ find: (ObjectKey) async throws -> KubernetesObject?
    ) async throws {
        let old = pending.withLock { pending -> Pending? in
            guard let own = pending[owner], own.since.duration(to: .now) >= age else { return nil }
            return own
        }
        for (uid, key) in old?.created ?? [:] where try await find(key)?.uid != uid {
            pending.withLock { _ = $0[owner]?.created.removeValue(forKey: uid) }
        }
        for (uid, key) in old?.deleted ?? [:] {
            // A deletion that was acknowledged and undone is no deletion: the pod counts again.
            let live = try await find(key)
            guard let live, live.uid == uid, !live.isBeingDeleted else { continue }
            pending.withLock { _ = $0[owner]?.deleted.removeValue(forKey: uid) }
        }
    }
}
