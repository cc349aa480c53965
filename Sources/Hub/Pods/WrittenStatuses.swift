import JSONTree
import KubernetesModel
import Synchronization

/// What the hub wrote as pods' statuses last, and what the API server made of it.
///
/// A server that is older than an edge drops what it does not know, such as `hostIPs`. Compared with what the pod says, the
/// edge's status looks new for ever then, and each look at the pod would write it once more. Only hashes are kept.
final class WrittenStatuses: Sendable {
    private struct Written {
        let uid: String
        /// Of the status that was sent, and of the pod's status after that.
        let sent: Int
        let kept: Int
    }

    private let written = Mutex<[ObjectKey: Written]>([:])

    /// Whether just this was written, and the pod says since what the server made of it.
    func contains(_ status: JSON, of pod: KubernetesObject) -> Bool {
        guard let known = written.withLock({ $0[pod.key] }), known.uid == pod.uid else { return false }
        return known.sent == status.hashValue && known.kept == pod.status.hashValue
    }

    /// A status was written.
    ///
    /// - Parameter answer: the pod, as the server says it is then.
    func note(_ status: JSON, answer: KubernetesObject) {
        let new = Written(uid: answer.uid, sent: status.hashValue, kept: answer.status.hashValue)
        written.withLock { $0[answer.key] = new }
    }

    /// The pod is gone.
    func forget(_ key: ObjectKey) {
        written.withLock { _ = $0.removeValue(forKey: key) }
    }
}
