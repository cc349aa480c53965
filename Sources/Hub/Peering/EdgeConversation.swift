import Enrolment
import Logging
import OffloadingModel
import Scheduling
import Sessions
import Wire

/// What the hub makes of one connection to an edge: how it begins, what comes, how it ends. Knows no transport.
struct EdgeConversation: Sendable {
    let cluster: ForeignCluster
    let context: HubContext
    /// Outlives connections, so that only differences are told anew.
    let copy: ObservedCopy

    private var name: String { cluster.name }

    /// Both sides know each other.
    ///
    /// - Returns: what this side's copy holds, to be said.
    func begin(_ agreement: PeerEstablished) -> [ItemKey: String] {
        let digest = copy.begin(epoch: agreement.epoch)
        context.edges.update(name) { edge in
            edge.isConnected = true
            edge.silentSince = nil
            edge.disconnectedSince = nil
            edge.lastFailure = nil
            edge.observe(copy, withNamespaces: true)
            edge.isObservedComplete = copy.isComplete
            if edge.state != .draining, edge.state != .left { edge.state = edge.stateByAdvertisement }
            edge.agentVersion = agreement.peer.softwareVersion
            edge.authentication = PeeringCondition(.established, "CertificatesValid")
        }
        return digest
    }

    /// - Returns: whether there was room for what the edge says; where there was none it is to be refused.
    @discardableResult
    func take(_ changes: ObservedMessage) -> Bool {
        context.violations.check(changes.upserts, of: name, node: cluster.virtualNode, context)
        guard let progress = copy.apply(changes) else { return false }
        let keys = changes.upserts.map(\.key) + changes.removals
        // All pods of the edge are looked at then: once a connection, and not with each pod's change.
        let concernsAll = progress.hasCaughtUp || keys.contains { $0.kind == ItemKey.namespaceKind }
        context.edges.update(name, .observed(keys)) { edge in
            edge.observe(copy, withNamespaces: concernsAll)
            edge.isObservedComplete = progress.isComplete
        }
        if concernsAll { context.edges.update(name) { _ in } }
        return true
    }

    func take(_ advertisement: AdvertiseMessage) {
        // What is free changes with each pod, and is of interest to the virtual node only.
        var concernsAll = false
        context.edges.update(name, .measured) { edge in
            let before = (state: edge.state, isFirst: edge.advertisement == nil)
            edge.advertisement = VirtualNode.sanitized(advertisement)
            if edge.state == .ready || edge.state == .degraded { edge.state = edge.stateByAdvertisement }
            concernsAll = before.isFirst || before.state != edge.state
        }
        if concernsAll { context.edges.update(name) { _ in } }
    }

    func suspected(for silence: Duration) {
        context.edges.update(name) { edge in
            edge.silentSince = context.instant() - silence
            if edge.state == .ready || edge.state == .degraded { edge.state = .suspect }
        }
    }

    func recovered() {
        context.edges.update(name) { edge in
            edge.silentSince = nil
            if edge.state == .suspect { edge.state = edge.stateByAdvertisement }
        }
    }

    /// The connection is lost: what the edge has said last.
    func lost(_ end: PeerSessionEnd) {
        context.logger.log(
            level: end.code == .local ? .info : .warning, "the connection to an edge has ended",
            metadata: [
                "audit": "disconnected", "edge": "\(name)", "edge.id": "\(cluster.clusterID)", "reason": "\(end)",
            ])
        if let goodbye = end.goodbye { take(goodbye) }
    }

    /// An edge that ends the peering itself, or takes the hub's certificate no more, says so once.
    private func take(_ goodbye: GoodbyeMessage) {
        let what: String
        switch goodbye.reason {
        case .unpeered: what = "has ended the peering"
        case .revoked: what = "has revoked this cluster's certificate"
        default: return
        }
        let detail = goodbye.message.isEmpty ? "" : ": \(goodbye.message)"
        let condition = PeeringCondition(
            .denied, PeeringCondition.revoked,
            "\(cluster.clusterName) \(what)\(detail); peer again with a new token of it, or unpeer")
        guard context.edges[name]?.authentication != condition else { return }
        context.edges.update(name) { $0.authentication = condition }
    }

    /// Nothing more comes.
    func end() {
        context.edges.update(name) { edge in
            edge.isConnected = false
            edge.silentSince = edge.silentSince ?? context.instant()
            if edge.state == .ready || edge.state == .degraded { edge.state = .suspect }
            edge.network = PeeringCondition(.pending, "NotConnected", "the edge's agent is not connected")
            edge.roundTripTime = nil
        }
    }
}
