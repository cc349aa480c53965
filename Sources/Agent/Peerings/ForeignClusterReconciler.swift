import ClusterAPI
import Enrolment
import JSONTree
import KubernetesModel
import Logging
import OffloadingModel

/// Keeps the ForeignCluster that stands for a hub, and every word in its status true.
struct ForeignClusterReconciler: Sendable {
    let context: AgentContext
    let joins: Joins
    /// The last second of the agent's own certificate, in seconds since 1970.
    let ownCertificateNotAfter: @Sendable () -> Int
    let endings: PeeringEnding

    /// - Parameter clusterID: of the hub.
    func reconcile(_ clusterID: String) async throws -> Requeue {
        // What is read tells of itself before it counts as read: nothing else may come, and a hub would never be dialled.
        guard context.foreignClusters.isSynced else { return .after(.milliseconds(100)) }
        guard let hub = context.hubs[clusterID] else {
            await dial(clusterID)
            return try await tellUnpeered(clusterID)
        }
        guard let object = try await object(hub) else { return .none }
        var wanted = ForeignCluster(object)
        if let share = wanted.share, EdgeShare(share) == nil {
            await context.events.record(
                .warning, object, reason: "InvalidShare",
                "metadata.annotations[\(Names.shareAnnotation)]: \"\(share.prefix(63))\" is not of the form 50% or "
                    + "cpu=2,memory=4Gi,pods=20; the agent's own setting applies")
        }
        if wanted.revocationsAsked.contains(.incoming) {
            return try await Revocation(context: context).run(hub, wanted)
        }
        // The end is told over the connection that there is; only then is it given up.
        if wanted.incomingEnabled == .no, !hub.isEnding { await endings.begin(hub, .edge) }
        if wanted.incomingEnabled == .auto, !hub.isEnding {
            // Made for an edge of this cluster, which has become its hub as well.
            _ = try await context.cluster.merge(
                .foreignClusters, name: wanted.name,
                ["spec": ["incomingPeeringEnabled": .string(PeeringEnabled.yes.rawValue)]])
            return .none
        }
        await dial(clusterID)
        for (type, condition) in conditions(hub) { wanted.set(type, condition, of: .incoming, now: context.now()) }
        if !wanted.isEdge, !wanted.has(.outgoing) {
            wanted.set(
                .outgoing, PeeringCondition(.none, "NotAHub", "this cluster does not send pods to the hub's"),
                now: context.now())
        }
        if wanted.object != object { _ = try await context.cluster.updateStatus(.foreignClusters, wanted.object) }
        return .after(hub.isConnected ? context.configuration.statusInterval : .seconds(60))
    }

    /// Dials a hub that this edge is to join, and no other.
    private func dial(_ clusterID: String) async {
        if let foreign = context.joining(clusterID) { await joins.start(foreign) } else { await joins.stop(clusterID) }
    }

    /// What stands for a hub that there is no peering with: an object that somebody keeps, or that outlived its peering.
    private func tellUnpeered(_ clusterID: String) async throws -> Requeue {
        for object in context.foreignClusters.objects where !object.isBeingDeleted {
            var foreign = ForeignCluster(object)
            guard foreign.clusterID == clusterID else { continue }
            let isOff = foreign.incomingEnabled == .no
            let problem = isOff ? nil : joins.problem(clusterID)
            // It may be an edge of this cluster, and nothing else: the hub's to tell of.
            guard problem != nil || !foreign.isEdge || foreign.has(.incoming) else { continue }
            let none = PeeringCondition(.none, "NotPeered", "there is no peering with the cluster")
            if let problem {
                foreign.set(.authentication, problem, of: .incoming, now: context.now())
                for type in [PeeringConditionType.network, .apiServer] {
                    foreign.set(type, none, of: .incoming, now: context.now())
                }
                foreign.set(.incoming, problem, now: context.now())
            } else {
                foreign.clear(.incoming, isOff ? Self.turnedOff : none, now: context.now())
            }
            if !foreign.isEdge, !foreign.has(.outgoing) { foreign.set(.outgoing, none, now: context.now()) }
            guard foreign.object != object else { continue }
            do {
                _ = try await context.cluster.updateStatus(.foreignClusters, foreign.object)
            } catch let error as APIError where error.isNotFound {
                continue
            }
        }
        return .none
    }

    private static let turnedOff = PeeringCondition(
        .none, "TurnedOff", "spec.incomingPeeringEnabled is No; nothing runs here for the hub")

    /// The object, made where it is missing; `nil` where another cluster has taken its name.
    private func object(_ hub: HubPeering) async throws -> KubernetesObject? {
        if let object = context.foreignClusters.get(name: hub.clusterName) {
            if ForeignCluster(object).clusterID == hub.clusterID { return object }
            context.logger.warning(
                "a ForeignCluster has a hub's name and is another cluster's",
                metadata: [LogKey.hub: "\(hub.clusterName)", LogKey.hubID: "\(hub.clusterID)"])
            return nil
        }
        guard !hub.isEnding else { return nil }
        let new = ForeignCluster(
            name: hub.clusterName, clusterID: hub.clusterID, clusterName: hub.clusterName, authURL: "",
            hubURL: await context.book.record(hub.clusterID)?.address ?? "", outgoing: .no, incoming: .yes)
        do {
            return try await context.cluster.create(.foreignClusters, new.object)
        } catch let error as APIError where error.isAlreadyExists {
            return nil
        }
    }

    private func conditions(_ hub: HubPeering) -> [(PeeringConditionType, PeeringCondition)] {
        [
            (
                .incoming,
                hub.isEnding
                    ? PeeringCondition(.disconnecting, "Unpeered", "what ran for the hub is being removed")
                    : PeeringCondition(.established, "Peered", "the hub may run pods here")
            ),
            (.network, network(hub)),
            (
                .apiServer,
                hub.isConnected
                    ? PeeringCondition(.established, "Connected", "the hub is connected")
                    : joins.problem(hub.clusterID)
                        ?? PeeringCondition(
                            .pending, "Disconnected", "the hub is not connected; it dials again by itself")
            ),
            (.authentication, authentication(hub)),
        ]
    }

    private func network(_ hub: HubPeering) -> PeeringCondition {
        guard hub.isConnected else { return PeeringCondition(.pending, "Disconnected", "the hub is not connected") }
        guard let probed = hub.probedAt, ContinuousClock.now - probed <= context.configuration.probeValidity * 2 else {
            return PeeringCondition(.pending, "NoProbes", "the hub has not reached the pod network lately")
        }
        return PeeringCondition(.established, "ProbesAnswered", "the pod network answers the hub's probes")
    }

    private func authentication(_ hub: HubPeering) -> PeeringCondition {
        guard !hub.isEnding else { return PeeringCondition(.none, "Revoked", "the hub's certificates were revoked") }
        if let problem = joins.problem(hub.clusterID), problem.status != .pending { return problem }
        guard !hub.isRevoked else {
            return PeeringCondition(
                .denied, PeeringCondition.revoked,
                "the hub's certificates were revoked; its pods stop once it has replaced them elsewhere, and what is left ends "
                    + "with the peering after \(GoDuration.text(context.configuration.revokedGracePeriod)); for it to come "
                    + "back, run 'causewayctl generate peer-command' here and what it prints at the hub")
        }
        guard !hub.isDuplicate else {
            return PeeringCondition(
                .denied, "DuplicateIdentity",
                "\(hub.clusterName) refuses this agent, as another one with the identity of \(context.configuration.clusterName) "
                    + "lives; if this machine is a clone of that one, stop the agent, remove its state folder, and have it "
                    + "join with a token of its own")
        }
        let now = context.now()
        let own = hub.ownCertificateNotAfter
        if hub.isDialled, own == nil { return PeeringCondition(.pending, "NotTried") }
        // A hub that is dialled shows its certificate with each connection, and it is checked then.
        guard own != nil || hub.certificateNotAfter >= now else {
            return PeeringCondition(.error, "CertificateExpired", "the hub's certificate has expired; peer again")
        }
        guard own ?? ownCertificateNotAfter() >= now else {
            return PeeringCondition(.error, "CertificateExpired", "the agent's own certificate has expired")
        }
        return PeeringCondition(.established, "CertificatesValid", "both certificates are good")
    }
}
