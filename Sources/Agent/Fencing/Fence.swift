import ClusterAPI
import Enrolment
import KubernetesModel
import Logging
import OffloadingModel
import Wire

/// Stops the pods of namespaces whose hub has not been heard for as long as they allow (`causeway.io/stop-on-edge-after`), so
/// that a hub which has replaced them elsewhere meanwhile never has two of each.
///
/// The annotation is kept on the namespace here, and the time of the last word with the peering: both outlive the agent. The
/// time goes by the machine's clock since boot, which nobody sets. Pods that have ended stay as they are. A namespace is open
/// again once its hub has said all that it wants: only then is it known which of the pods are still this edge's.
struct Fence: Sendable {
    let context: AgentContext
    let reconcilers: Reconcilers
    /// Reads the clocks.
    let clock: @Sendable () -> HeardMark

    /// How often the clocks are looked at.
    private static let interval: Duration = .milliseconds(500)
    /// The last word is saved at least so often where some namespace asks for a stop; more often where it asks for a soon one.
    /// After a restart the stop may come by so much too early.
    private static let longestUnsaved: Duration = .seconds(10)

    func run() async {
        while !Task.isCancelled {
            if context.isSynced { await look() }
            try? await Task.sleep(for: Self.interval)
        }
    }

    /// Looks at the clocks once.
    func look() async {
        for hub in context.hubs.all where !hub.isEnding {
            let stops = Dictionary(
                context.namespaces(of: hub.clusterID).compactMap { namespace in
                    Self.stop(namespace).map { (namespace.name, $0) }
                }, uniquingKeysWith: { first, _ in first })
            let now = clock()
            let silence = hub.silence(at: now)
            let closed = Set(stops.filter { silence >= $0.value }.keys)
            let before = hub.close(closed)
            for name in before.subtracting(closed).sorted() { open(name, hub) }
            for name in closed.subtracting(before).sorted() { await close(name, hub, silence) }
            if let shortest = stops.values.min(), silence == .zero { await save(now, hub, within: shortest / 4) }
        }
    }

    /// After how long without its hub the namespace's pods stop; `nil` for never.
    static func stop(_ namespace: KubernetesObject) -> Duration? {
        guard let text = namespace.annotation(Names.stopOnEdgeAfterAnnotation), let time = GoDuration.parse(text) else {
            return nil
        }
        return max(time, OffloadingPolicy.shortestStop)
    }

    private func close(_ name: String, _ hub: HubPeering, _ silence: Duration) async {
        let seconds = silence.components.seconds
        context.logger.warning(
            "a hub was not heard for so long that its pods stop",
            metadata: [
                LogKey.namespace: "\(name)", LogKey.hubID: "\(hub.clusterID)", LogKey.hub: "\(hub.clusterName)",
            ])
        if let object = context.namespaces.get(name: name) {
            await context.events.record(
                .warning, object, reason: "StoppedWithoutHub",
                "hub \(hub.clusterName) was not heard for \(seconds) s: the pods stop, as \(Names.stopOnEdgeAfterAnnotation) asks, until it is heard again"
            )
        }
        reconcilers.lookAtPods(of: hub, in: name)
    }

    private func open(_ name: String, _ hub: HubPeering) {
        context.logger.info(
            "a hub has said what it wants: its pods may run again",
            metadata: [
                LogKey.namespace: "\(name)", LogKey.hubID: "\(hub.clusterID)", LogKey.hub: "\(hub.clusterName)",
            ])
        reconcilers.lookAtPods(of: hub, in: name)
    }

    private func save(_ now: HeardMark, _ hub: HubPeering, within limit: Duration) async {
        let id = hub.clusterID
        if let saved = await context.book.record(id)?.heard,
            saved.boot == now.boot, saved.silence(at: now) < min(limit, Self.longestUnsaved)
        {
            return
        }
        do {
            try await context.book.change(id) { known, _ in
                guard var record = known else { throw NotPeered() }
                record.heard = now
                return record
            }
        } catch is NotPeered {
            return
        } catch {
            // Tried again at the next look; without it a restart only makes a stop come early.
            context.logger.debug(
                "when a hub was heard is not saved", metadata: [LogKey.hubID: "\(id)", LogKey.error: "\(error)"])
        }
    }
}
