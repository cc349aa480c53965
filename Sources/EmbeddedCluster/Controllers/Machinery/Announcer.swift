import ClusterAPI
import KubernetesModel

/// Tells events in the background, so that no controller waits for one to be stored.
///
/// Bounded: under a flood the oldest untold events are dropped.
final class Announcer: Sendable {
    private struct Announcement: Sendable {
        let severity: EventRecorder.Severity
        let object: KubernetesObject
        let reason: String
        let message: String
    }

    private let recorder: EventRecorder
    private let announcements: AsyncStream<Announcement>
    private let queue: AsyncStream<Announcement>.Continuation

    init(_ recorder: EventRecorder) {
        self.recorder = recorder
        (announcements, queue) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(4096))
    }

    func tell(_ severity: EventRecorder.Severity, _ object: KubernetesObject, reason: String, _ message: String) {
        queue.yield(Announcement(severity: severity, object: object, reason: reason, message: message))
    }

    /// Stores what is told, in order, until the task is cancelled.
    func run() async {
        for await next in announcements {
            await recorder.record(next.severity, next.object, reason: next.reason, next.message)
        }
    }
}
