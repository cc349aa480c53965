import Digests
import Enrolment
import Logging
import PeerTransport
import Sessions
import TLSTransport
import Wire

/// Talks with one connected hub: takes over what it wants, tells it what there is, answers its streams.
struct HubConversation: Sendable {
    let context: AgentContext
    let reconcilers: Reconcilers
    let advertiser: Advertiser
    let streams: StreamServer
    let desk: EnrolmentDesk

    /// - Parameter keeper: of what proves the edge to the hub, where the edge has dialled.
    func serve(_ connection: PeerConnection, dialledWith keeper: CredentialKeeper? = nil) async {
        let agreement = connection.agreement
        guard let record = await context.book.record(agreement.peer.clusterID), !record.isEnding else {
            await connection.refuse(ErrorMessage(code: .notPeered, message: "the peering is over; peer again"))
            return
        }
        guard record.clusterName == agreement.peer.clusterName else {
            await connection.refuse(
                ErrorMessage(
                    code: .identity,
                    message:
                        "cluster \(record.clusterID) is peered under the name \(record.clusterName); unpeer, and peer again"
                ))
            return
        }
        do {
            // Known before anything is done for it: no older epoch is listened to from now on.
            try await context.book.change(record.clusterID) { known, _ in
                guard var record = known, !record.isEnding else { throw NotPeered() }
                record.epoch = max(record.epoch, agreement.epoch)
                return record
            }
        } catch {
            context.logger.error(
                "a peering cannot be stored",
                metadata: [LogKey.hubID: "\(record.clusterID)", LogKey.error: "\(error)"])
            await connection.refuse(
                ErrorMessage(code: .unavailable, message: "the edge cannot store the peering; look at its log"))
            return
        }
        let hub = context.hubs.hub(record)
        await attend(hub, connection, keeper)
    }

    private func attend(_ hub: HubPeering, _ connection: PeerConnection, _ keeper: CredentialKeeper?) async {
        let agreement = connection.agreement
        let (previous, digest) = hub.attach(
            connection, epoch: agreement.epoch, isNewEpoch: agreement.isNewEpoch,
            certificateNotAfter: Int(connection.identity.leaf.notAfter))
        // Its certificate may have been revoked since it was admitted.
        if keeper == nil, await context.book.record(provedBy: connection.identity) == nil {
            hub.detach(connection)
            await previous?.close(.replaced, message: "the hub has connected anew", epoch: nil)
            await connection.refuse(
                ErrorMessage(
                    code: .unavailable, message: "the certificate was replaced or revoked meanwhile; dial again"))
            return
        }
        await previous?.close(.replaced, message: "the hub has connected anew", epoch: nil)
        context.logger.info(
            "a hub is connected",
            metadata: [
                LogKey.audit: "connected", LogKey.hubID: "\(hub.clusterID)", LogKey.hub: "\(hub.clusterName)",
                LogKey.epoch: "\(agreement.epoch)", LogKey.address: "\(connection.remoteAddress)",
                LogKey.fingerprint: "\(Hex.encode(connection.identity.leaf.fingerprint))",
            ])
        reconcilers.statusChanged(hub)
        advertiser.tell(hub)
        await withDiscardingTaskGroup { group in
            group.addTask { await synchronise(hub, connection, digest) }
            if let keeper { group.addTask { await keeper.renew(over: connection) } }
            for await event in connection.events {
                switch event {
                case .desired(let changes): reconcilers.take(changes, from: hub)
                case .received(let message): await received(hub, connection, message, keeper)
                case .streamRequested(let request): group.addTask { await streams.serve(request, hub: hub) }
                case .lost(let end): await lost(hub, connection, end)
                case .suspected(let silence): hub.isSilent(for: silence, on: connection)
                case .recovered: hub.isSilent(for: nil, on: connection)
                case .observed: break
                }
            }
            group.cancelAll()
        }
        if hub.detach(connection) { reconcilers.statusChanged(hub) }
    }

    /// Says what there is, once the cluster has been read: an answer from half of it would read as losses.
    private func synchronise(_ hub: HubPeering, _ connection: PeerConnection, _ digest: [ItemKey: String]) async {
        do {
            try await context.waitForSync()
        } catch {
            return
        }
        reconcilers.observeAll(of: hub)
        hub.publish(to: connection)
        connection.hold(digest)
    }

    private func received(
        _ hub: HubPeering, _ connection: PeerConnection, _ message: Message, _ keeper: CredentialKeeper?
    ) async {
        if case .renewed(let answer) = message, let held = await keeper?.keep(answer) {
            hub.ownCertificateNotAfter = Int(held.identity.leaf.notAfter)
            return reconcilers.statusChanged(hub)
        }
        // Only the side that dialled has its certificate from the other.
        guard keeper == nil, case .renew(let request) = message else { return }
        await desk.renew(request, over: connection)
    }

    private func lost(_ hub: HubPeering, _ connection: PeerConnection, _ end: PeerSessionEnd) async {
        context.logger.info(
            "a hub is disconnected",
            metadata: [
                LogKey.audit: "disconnected", LogKey.hubID: "\(hub.clusterID)", LogKey.hub: "\(hub.clusterName)",
                LogKey.reason: "\(end.message)",
            ])
        guard end.goodbye?.reason == .unpeered else { return }
        // The hub may have enrolled anew while an old goodbye was on its way: only a certificate that is still good can
        // speak for the peering that there is. A hub that is dialled has one connection at a time.
        let fingerprint = Hex.encode(connection.identity.leaf.fingerprint)
        guard let record = await context.book.record(hub.clusterID), !record.isEnding,
            record.address != nil || record.issued.contains(where: { $0.fingerprint == fingerprint })
        else { return }
        await reconcilers.endings.begin(hub)
    }
}
