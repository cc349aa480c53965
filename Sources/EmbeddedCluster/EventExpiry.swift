import ClusterAPI
import JSONTree
import KubernetesModel

/// Deletes events some time after they last happened.
struct EventExpiry: Sendable {
    let pipeline: ResourcePipeline
    let lifetime: Duration
    private static let context = WriteContext(user: .cluster)

    /// Works until the task is cancelled.
    func run() async throws {
        while true {
            // Half a minute more or less does not matter for events; looking through them once a minute costs nothing.
            try await Task.sleep(for: .seconds(60))
            try await expire()
        }
    }

    /// Deletes what is old enough now.
    func expire() async throws {
        let definition = try pipeline.definition(.coreEvents)
        let oldest = pipeline.now() - Int(lifetime.components.seconds)
        for stored in try pipeline.list(definition, namespace: nil, ListQuery()).items
        where Self.lastTime(stored.object) < oldest {
            do throws(APIError) {
                _ = try await pipeline.delete(
                    definition, namespace: stored.key.namespace, name: stored.key.name,
                    DeleteOptions(resourceVersion: stored.object.resourceVersion), Self.context)
            } catch {
                // Gone already, or it happened again.
                if error.isNotFound || error.isConflict { continue }
                // The disk takes nothing now: next time.
                if error.code == 503 { return }
                throw error
            }
        }
    }

    /// When an event last happened, in seconds since 1970.
    private static func lastTime(_ event: KubernetesObject) -> Int {
        let times = [
            event.json["lastTimestamp"], event.json["eventTime"], event.json["series", "lastObservedTime"],
            event.json["metadata", "creationTimestamp"],
        ]
        return times.compactMap { $0?.string.flatMap(Timestamp.seconds) }.max() ?? 0
    }
}
