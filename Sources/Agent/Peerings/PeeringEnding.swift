import ClusterAPI
import Enrolment
import JSONTree
import KubernetesModel
import Logging
import OffloadingModel
import Sessions
import TLSTransport
import Wire

/// Ends a peering: the certificates at once, then everything that ran for the hub, then the peering itself. Goes on after a
/// restart.
struct PeeringEnding: Sendable {
    let context: AgentContext
    let joins: Joins
    /// The ids of hubs whose peering ends.
    let queue: WorkQueue<String>
    /// The ids of hubs whose ForeignCluster is to be looked at.
    let statuses: WorkQueue<String>

    /// Who ends a peering.
    enum Cause: Sendable {
        /// The hub has said that it is over, on a connection on which it showed this.
        case goodbye(PeerIdentity)
        /// The hub, dialled, has refused the edge as not peered.
        case refusal
        /// The edge wants it no more: `spec.incomingPeeringEnabled` of its ForeignCluster says No.
        case edge
        /// Nobody has enrolled anew for long since the peering's certificates were revoked.
        case revocation

        /// Whether it ends the peering that there is now. That may be a later one: the other side can enrol anew at any moment,
        /// also while an old goodbye is on its way.
        func ends(_ record: PeeringRecord) -> Bool {
            switch self {
            // A hub that is dialled has one connection at a time.
            case .goodbye(let identity): record.address != nil || record.isProved(by: identity)
            case .refusal: record.address != nil
            case .edge: true
            case .revocation: record.revokedSince != nil
            }
        }
    }

    /// Revokes the hub's certificates, closes its connection, and has everything of it removed.
    ///
    /// Does nothing where the cause concerns an earlier peering, or this one ends already.
    func begin(_ hub: HubPeering, _ cause: Cause) async {
        do {
            try await context.book.change(hub.clusterID) { known, _ in
                guard var record = known, !record.isEnding, cause.ends(record) else { throw NotPeered() }
                record.isEnding = true
                record.revokeAll()
                return record
            }
        } catch is NotPeered {
            return
        } catch {
            // Without a note of it the next start would take the peering up again; the hub's next epoch cleans up then.
            context.logger.error(
                "the end of a peering cannot be stored",
                metadata: [LogKey.hubID: "\(hub.clusterID)", LogKey.error: "\(error)"])
            hub.isEnding = true
        }
        context.logger.info(
            "a peering ends",
            metadata: [
                LogKey.audit: "peering-ended", LogKey.hubID: "\(hub.clusterID)", LogKey.hub: "\(hub.clusterName)",
                LogKey.reason: Self.reason(cause),
            ])
        switch cause {
        case .goodbye, .refusal: await forgetToken(hub)
        case .revocation: break
        case .edge:
            await shutOut(hub)
            await hub.detachAny()?.close(
                .unpeered,
                message: "\(context.configuration.clusterName) has turned its incoming peering with "
                    + "\(hub.clusterName) off", epoch: nil)
        }
        queue.add(hub.clusterID)
    }

    /// Only a new token shall bring the hub back.
    private func shutOut(_ hub: HubPeering) async {
        do {
            try await context.tokens.shutOut(hub.clusterID, name: hub.clusterName)
        } catch {
            context.logger.error(
                "cannot make the tokens worthless that were made for a hub",
                metadata: [LogKey.hubID: "\(hub.clusterID)", LogKey.error: "\(error)"])
        }
    }

    /// The hub has said goodbye: a token that has been here since before must not begin the peering anew by itself. One that came
    /// while the hub was dialled by what there was before is the user's word that it shall begin anew.
    private func forgetToken(_ hub: HubPeering) async {
        guard hub.isDialled, let dialledWith = joins.tokenID(hub.clusterID) else { return }
        do {
            let name = Names.tokenSecret(foreignCluster: hub.clusterName, .incoming)
            guard let secret = try await context.cluster.find(.secrets, namespace: Names.systemNamespace, name: name)
            else { return }
            let token = CredentialKeeper.tokenText(secret).flatMap { try? PeerToken(parsing: $0) }
            guard dialledWith.isEmpty || token?.id == dialledWith else { return }
            let object = try await context.cluster.find(.foreignClusters, name: hub.clusterName)
            guard object.map({ ForeignCluster($0).tokenID(.incoming) }) ?? "" == dialledWith else { return }
            try await context.cluster.deleteIfPresent(
                .secrets, namespace: secret.namespace, name: name, DeleteOptions(uid: secret.uid))
        } catch {
            context.logger.error(
                "cannot remove a token of a peering that is over",
                metadata: [LogKey.hubID: "\(hub.clusterID)", LogKey.error: "\(error)"])
        }
    }

    private static func reason(_ cause: Cause) -> Logger.MetadataValue {
        switch cause {
        case .goodbye, .refusal: "the hub has ended it"
        case .edge: "incoming peering is turned off"
        case .revocation: "its certificates were revoked, and nobody has enrolled anew"
        }
    }

    func reconcile(_ clusterID: String) async throws -> Requeue {
        guard let hub = context.hubs[clusterID], hub.isEnding else { return .none }
        guard context.isSynced else { return .after(.milliseconds(100)) }
        await hub.detachAny()?.close(.unpeered, message: "the peering is over", epoch: nil)
        let pods = context.pods(of: clusterID)
        let namespaces = context.namespaces(of: clusterID)
        for pod in pods where !pod.isBeingDeleted {
            try await context.cluster.deleteIfPresent(
                .pods, namespace: pod.namespace, name: pod.name, DeleteOptions(uid: pod.uid))
        }
        for namespace in namespaces where !namespace.isBeingDeleted {
            try await context.cluster.deleteIfPresent(
                .namespaces, name: namespace.name, DeleteOptions(uid: namespace.uid))
        }
        guard pods.isEmpty, namespaces.isEmpty else { return .after(.milliseconds(250)) }
        try await joins.forget(clusterID)
        guard try await context.book.removeEnded(clusterID) else { return .none }
        // A hub that this edge dials is known as ending until its object is gone: nobody must dial it anew because of that.
        if !hub.isDialled { context.hubs.remove(hub) }
        try await letGo(hub)
        context.hubs.remove(hub)
        statuses.add(clusterID)
        context.logger.info(
            "a peering is over",
            metadata: [LogKey.hubID: "\(hub.clusterID)", LogKey.hub: "\(hub.clusterName)"])
        return .none
    }

    /// The object that stood for the hub goes with the peering. One that says that no peering is wanted stays, and says
    /// that there is none: it is whoever turned the peering off who decides when that is forgotten. So does one that stands
    /// for an edge of this cluster as well.
    private func letGo(_ hub: HubPeering) async throws {
        defer { statuses.add(hub.clusterID) }
        guard try await !isWantedAnew(hub) else { return }
        for _ in 0..<Self.attempts {
            // Read anew: it may have been changed a moment ago.
            guard let object = try await context.cluster.find(.foreignClusters, name: hub.clusterName) else { return }
            let foreign = ForeignCluster(object)
            guard foreign.clusterID == hub.clusterID else { return }
            do {
                if foreign.isEdge { return try await keepForEdge(foreign) }
                guard foreign.incomingEnabled != .no else { return }
                try await context.cluster.deleteIfPresent(
                    .foreignClusters, name: object.name,
                    DeleteOptions(uid: object.uid, resourceVersion: object.resourceVersion))
                return
            } catch let error as APIError where error.isConflict {
                continue
            }
        }
    }

    /// Whether there is a token to join the hub with: the peering of before is over, and a new one is to begin.
    private func isWantedAnew(_ hub: HubPeering) async throws -> Bool {
        guard hub.isDialled else { return false }
        return try await context.cluster.find(
            .secrets, namespace: Names.systemNamespace,
            name: Names.tokenSecret(foreignCluster: hub.clusterName, .incoming)) != nil
    }

    /// How often the object may change under us before it is left as it is: its hub's daemon writes seldom.
    private static let attempts = 8

    private func keepForEdge(_ foreign: ForeignCluster) async throws {
        var object = foreign.object
        if foreign.incomingEnabled == .yes {
            object.json["spec", "incomingPeeringEnabled"] = .string(PeeringEnabled.auto.rawValue)
        }
        object.json["spec", "foreignHubUrl"] = nil
        object.annotations[Names.tokenIDAnnotation(.incoming)] = nil
        guard object != foreign.object else { return }
        _ = try await context.cluster.update(.foreignClusters, object)
    }
}
