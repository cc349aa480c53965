import ClusterAPI
import Enrolment
import KubernetesModel
import Logging
import OffloadingModel
import PeerTransport
import Sessions
import Wire

/// Stops the pods of namespaces whose hub has not been heard for as long as they allow (`causeway.io/stop-on-edge-after`), so
/// that a hub which has replaced them elsewhere meanwhile never has two of each.
///
/// The annotation is kept on the namespace here, and the time of the last word with the peering: both outlive the agent. The
/// time goes by the machine's clock since boot, which nobody sets. Pods that have ended stay as they are. A namespace is open
/// again once its hub has said all that it wants: only then is it known which of the pods are still this edge's.
///
/// A hub whose certificates are revoked is kept out on purpose, and cannot say any more what it wants, not even that it has
/// unpeered. Its pods stop as soon as it replaces them elsewhere, by its own clock and its namespace's policy
/// (`causeway.io/on-disconnect`, `causeway.io/grace-period`, kept on the namespace too). Those that it would wait for end when
/// nobody has enrolled anew for ``AgentConfiguration/revokedGracePeriod``, and with them the peering.
///
/// An agent that its hub refuses because another one with its identity lives is most often a clone: what runs here for the hub runs
/// there too. Its pods stop when it has been refused for as long as a silent hub is waited for, whatever their policy.
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
            let now = clock()
            let silence = hub.silence(at: now)
            let locked = await lockedOut(hub, now)
            if let locked, locked >= context.configuration.revokedGracePeriod {
                await reconcilers.endings.begin(hub, .revocation)
                continue
            }
            let isClone =
                hub.duplicateSince(noting: now).map {
                    $0.silence(at: now) >= context.configuration.transport.timings.deadAfter
                } ?? false
            let namespaces = context.namespaces(of: hub.clusterID)
            let closed = Set(
                namespaces.filter { namespace in
                    isClone || Self.stop(namespace).map { silence >= $0 } ?? false
                        || locked.map { isReplaced(namespace, after: $0) } ?? false
                        // A new certificate alone does not say what is still wanted.
                        || silence > .zero && hub.isClosed(namespace.name)
                }.map(\.name))
            let before = hub.close(closed)
            for name in before.subtracting(closed).sorted() { open(name, hub) }
            for name in closed.subtracting(before).sorted() { await close(name, hub, silence) }
            if let shortest = namespaces.compactMap(Self.stop).min(), silence == .zero {
                await save(now, hub, within: shortest / 4)
            }
        }
    }

    /// After how long without its hub the namespace's pods stop; `nil` for never.
    static func stop(_ namespace: KubernetesObject) -> Duration? {
        guard let text = namespace.annotation(Names.stopOnEdgeAfterAnnotation), let time = GoDuration.parse(text) else {
            return nil
        }
        return max(time, OffloadingPolicy.shortestStop)
    }

    /// The policies of its origin that a namespace keeps here.
    static let policies = [
        Names.stopOnEdgeAfterAnnotation, Names.onDisconnectAnnotation, Names.gracePeriodAnnotation,
    ]

    /// For how long the hub's certificates have been revoked; `nil` where they are not.
    private func lockedOut(_ hub: HubPeering, _ now: HeardMark) async -> Duration? {
        guard let since = hub.revokedSince(noting: now) else { return nil }
        await save(revokedSince: since, hub)
        return since.silence(at: now)
    }

    /// Whether a hub that was locked out for so long has replaced the namespace's pods elsewhere.
    private func isReplaced(_ namespace: KubernetesObject, after time: Duration) -> Bool {
        guard case .reschedule(let grace) = OffloadingPolicy(annotations: namespace.annotations).onDisconnect else {
            return false
        }
        return time >= context.configuration.transport.timings.deadAfter + grace
    }

    private func close(_ name: String, _ hub: HubPeering, _ silence: Duration) async {
        let why =
            hub.isDuplicate
            ? "hub \(hub.clusterName) refuses this agent, as another one with its identity lives: the pods run there, and "
                + "stop here until the hub wants them here again"
            : hub.isRevoked
                ? "the certificates of this edge's peering with \(hub.clusterName) are revoked, and the hub replaces the pods "
                    + "elsewhere: they stop here until it has enrolled anew"
                : "hub \(hub.clusterName) was not heard for \(silence.components.seconds) s: the pods stop, as "
                    + "\(Names.stopOnEdgeAfterAnnotation) asks, until it is heard again"
        context.logger.warning(
            "a hub was not heard for so long that its pods stop",
            metadata: [
                LogKey.namespace: "\(name)", LogKey.hubID: "\(hub.clusterID)", LogKey.hub: "\(hub.clusterName)",
            ])
        if let object = context.namespaces.get(name: name) {
            await context.events.record(.warning, object, reason: "StoppedWithoutHub", why)
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
        // Without it a restart only makes a stop come early.
        await change(id, "when a hub was heard is not saved") { $0.heard = now }
    }

    /// Keeps the moment over restarts: an agent that starts every day must not wait for ever.
    private func save(revokedSince mark: HeardMark, _ hub: HubPeering) async {
        guard let record = await context.book.record(hub.clusterID), record.mayBeRevoked, record.revokedSince != mark
        else { return }
        await change(hub.clusterID, "when the certificates of a peering were revoked is not saved") { record in
            if record.mayBeRevoked, hub.isRevoked { record.revokedSince = mark }
        }
    }

    /// Changes what is kept of a peering; what fails is tried again at the next look.
    private func change(
        _ id: String, _ failure: Logger.Message, _ body: @Sendable (inout PeeringRecord) -> Void
    ) async {
        do {
            try await context.book.change(id) { known, _ in
                guard var record = known else { throw NotPeered() }
                body(&record)
                return record
            }
        } catch is NotPeered {
            return
        } catch {
            context.logger.debug(failure, metadata: [LogKey.hubID: "\(id)", LogKey.error: "\(error)"])
        }
    }
}
