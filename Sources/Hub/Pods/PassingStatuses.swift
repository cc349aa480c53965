import KubernetesModel
import Synchronization

/// Statuses of pods on their way to run, each of which the next one follows in a moment: they are written only where none does.
///
/// A pod that starts goes through some, and each would be a write to the origin's API server. Kept in memory only: a hub that
/// is started anew waits once more.
final class PassingStatuses: Sendable {
    /// How long such a status waits for the next one. Starting takes a second or two where the image is there; whoever looks
    /// at a pod that takes longer sees what it waits for as soon.
    static let patience: Duration = .seconds(1)

    private struct Waiting {
        let uid: String
        let since: ContinuousClock.Instant
    }

    private let waiting = Mutex<[ObjectKey: Waiting]>([:])

    /// How long a pod's status has to wait yet; `nil` where it has waited long enough.
    func wait(for pod: KubernetesObject, now: ContinuousClock.Instant) -> Duration? {
        waiting.withLock { waiting in
            guard let known = waiting[pod.key], known.uid == pod.uid else {
                waiting[pod.key] = Waiting(uid: pod.uid, since: now)
                return Self.patience
            }
            let left = Self.patience - (now - known.since)
            return left > .zero ? left : nil
        }
    }

    /// Nothing of the pod waits any more: something was written, or it is gone.
    func forget(_ key: ObjectKey) {
        waiting.withLock { _ = $0.removeValue(forKey: key) }
    }
}
