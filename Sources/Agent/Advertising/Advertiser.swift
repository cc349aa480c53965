import ClusterAPI
import JSONTree
import KubernetesModel
import Logging
import OffloadingModel
import Wire

/// Tells each hub what this edge has and how it is, again whenever that changes.
final class Advertiser: Sendable {
    private let context: AgentContext
    let health: ClusterHealth
    /// What the pods take of the nodes: those that run for hubs, and all others.
    private let usage = (hubs: PodUsage(), others: PodUsage())
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    init(_ context: AgentContext) {
        self.context = context
        health = ClusterHealth(context.cluster, timeout: context.configuration.healthTimeout)
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        context.nodes.onChange { [signal] _ in signal.yield() }
        context.foreignClusters.onChange { [signal] change in
            let shares = [change.old, change.new].map { $0.map(ForeignCluster.init)?.share }
            if shares[0] != shares[1] { signal.yield() }
        }
        for (informer, usage) in [(context.pods, usage.hubs), (context.otherPods, usage.others)] {
            informer.onChange { [signal] change in
                usage.note(change)
                if Self.matters(change) { signal.yield() }
            }
        }
    }

    /// Whether a pod's change can change what is free.
    private static func matters(_ change: InformerChange) -> Bool {
        guard let old = change.old, let new = change.new else {
            return change.object.spec["nodeName"]?.string != nil
        }
        return old.spec["nodeName"] != new.spec["nodeName"]
            || KubernetesObject.isFinishedPod(status: old.status) != KubernetesObject.isFinishedPod(status: new.status)
    }

    /// Something may have changed: looked at soon, several at once.
    func look() { signal.yield() }

    /// Works until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.watchHealth() }
            for await _ in signals {
                do { try await Task.sleep(for: context.configuration.advertiseDelay) } catch { return }
                for hub in context.hubs.all where hub.isConnected { tell(hub) }
            }
        }
    }

    private func watchHealth() async {
        while !Task.isCancelled {
            if await health.check() {
                if case .silent(let reason) = health.state {
                    context.logger.warning("the cluster does not answer", metadata: [LogKey.error: "\(reason)"])
                } else {
                    context.logger.info("the cluster answers")
                }
                look()
            }
            try? await Task.sleep(for: context.configuration.healthInterval)
        }
    }

    /// Tells a hub now, unless it was told the same on its connection, or nothing is known yet.
    func tell(_ hub: HubPeering) {
        if let message = message(for: hub) { hub.advertise(message) }
    }

    /// - Returns: `nil` while neither the nodes were read nor the cluster was found silent.
    func message(for hub: HubPeering) -> AdvertiseMessage? {
        let isRead = context.nodes.isSynced && context.otherPods.isSynced && context.pods.isSynced
        let state = health.state
        if !isRead || state == .unknown {
            guard case .silent = state else { return nil }
        }
        var (own, others) = usage.hubs.amounts(of: hub.clusterID)
        for (node, amounts) in usage.others.amounts(of: "").own { others[node, default: [:]].add(amounts) }
        let found = ClusterCapacity(
            nodes: context.nodes.objects, others: others, own: own
        ).limited(to: context.limits(of: hub), used: context.shares.used(by: hub.clusterID))
        let info = found.typicalNode?.status["nodeInfo"]
        let configuration = context.configuration
        return AdvertiseMessage(
            capacity: found.capacity.texts, allocatable: found.allocatable.texts, largestFit: found.largestFit.texts,
            labels: configuration.labels, architecture: info?["architecture"]?.string ?? "",
            operatingSystem: info?["operatingSystem"]?.string ?? "linux",
            kernelVersion: info?["kernelVersion"]?.string ?? "", kubeletVersion: info?["kubeletVersion"]?.string ?? "",
            conditions: Self.conditions(state, found), podCIDR: configuration.podCIDR, gateway: configuration.gateway)
    }

    private static func conditions(
        _ state: ClusterHealth.State, _ found: ClusterCapacity
    ) -> [AdvertiseMessage.Condition] {
        if case .silent(let reason) = state {
            let message = "the edge's API does not answer: \(reason.prefix(1000))"
            return [
                .init(type: "Ready", status: "False", reason: "ClusterUnreachable", message: message),
                .init(type: "Degraded", status: "True", reason: "ClusterUnreachable", message: message),
            ]
        }
        guard found.readyNodes > 0 else {
            return [
                .init(
                    type: "Ready", status: "False", reason: "NoReadyNodes",
                    message: "none of the edge's \(found.nodes) nodes is Ready"),
                .init(type: "Degraded", status: "False", reason: "ClusterAnswers"),
            ]
        }
        return [
            .init(type: "Ready", status: "True", reason: "NodesReady", message: "the edge has Ready nodes"),
            .init(type: "Degraded", status: "False", reason: "ClusterAnswers"),
        ]
    }
}
