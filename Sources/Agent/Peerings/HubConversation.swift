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
        switch await admit(connection.agreement) {
        case .refused(let error):
            await connection.refuse(error)
        case .admitted(let hub):
            await attend(hub, connection, keeper)
        }
    }

    /// Who talks, or why nobody does.
    enum Admission: Sendable {
        case admitted(HubPeering)
        case refused(ErrorMessage)
    }

    /// Both sides know each other: whether there is a peering, in which epoch. That is stored on return.
    func admit(_ agreement: PeerEstablished) async -> Admission {
        guard let record = await context.book.record(agreement.peer.clusterID), !record.isEnding else {
            return .refused(ErrorMessage(code: .notPeered, message: "the peering is over; peer again"))
        }
        guard record.clusterName == agreement.peer.clusterName else {
            return .refused(
                ErrorMessage(
                    code: .identity,
                    message:
                        "cluster \(record.clusterID) is peered under the name \(record.clusterName); unpeer, and peer again"
                ))
        }
        do {
            // Known before anything is done for it: no older epoch is listened to from now on.
            try await context.book.change(record.clusterID) { known, _ in
                guard var record = known, !record.isEnding else { throw NotPeered() }
                record.epoch = max(record.epoch, agreement.epoch)
                if record.address != nil { record.revokedSince = nil }
                return record
            }
        } catch {
            context.logger.error(
                "a peering cannot be stored",
                metadata: [LogKey.hubID: "\(record.clusterID)", LogKey.error: "\(error)"])
            return .refused(
                ErrorMessage(code: .unavailable, message: "the edge cannot store the peering; look at its log"))
        }
        let hub = context.hubs.hub(record)
        // A hub that this edge dials has taken its certificate.
        if hub.isDialled, hub.isRevoked { hub.isRevoked = false }
        return .admitted(hub)
    }

    /// Makes a connection the hub's, in the place of an earlier one.
    ///
    /// - Parameter isDialled: whether the edge has dialled, and shown its own certificate.
    /// - Returns: what this side's copy holds; `nil` where the certificate is good no more.
    func begin(
        _ hub: HubPeering, _ link: any HubLink, _ agreement: PeerEstablished, _ identity: PeerIdentity,
        isDialled: Bool
    ) async -> [ItemKey: String]? {
        let (previous, digest) = hub.attach(
            link, epoch: agreement.epoch, isNewEpoch: agreement.isNewEpoch,
            certificateNotAfter: Int(identity.leaf.notAfter))
        // Its certificate may have been revoked since it was admitted.
        if !isDialled, await context.book.record(provedBy: identity) == nil {
            hub.detach(link)
            await previous?.close(.replaced, message: "the hub has connected anew", epoch: nil)
            return nil
        }
        await previous?.close(.replaced, message: "the hub has connected anew", epoch: nil)
        return digest
    }

    private func attend(_ hub: HubPeering, _ connection: PeerConnection, _ keeper: CredentialKeeper?) async {
        let agreement = connection.agreement
        guard let digest = await begin(hub, connection, agreement, connection.identity, isDialled: keeper != nil)
        else {
            return await connection.refuse(
                ErrorMessage(
                    code: .unavailable, message: "the certificate was replaced or revoked meanwhile; dial again"))
        }
        context.logger.info(
            "a hub is connected",
            metadata: [
                LogKey.audit: "connected", LogKey.hubID: "\(hub.clusterID)", LogKey.hub: "\(hub.clusterName)",
                LogKey.epoch: "\(agreement.epoch)", LogKey.address: "\(connection.remoteAddress)",
                LogKey.fingerprint: "\(Hex.encode(connection.identity.leaf.fingerprint))",
            ])
        reconcilers.statusChanged(hub)
        advertiser.tell(hub)
        if keeper == nil { await desk.succeed(over: connection) }
        await withDiscardingTaskGroup { group in
            group.addTask { await synchronise(hub, connection, digest) }
            if let keeper { group.addTask { await keeper.renew(over: connection) } }
            for await event in connection.events {
                switch event {
                case .desired(let changes):
                    guard !reconcilers.take(changes, from: hub) else { break }
                    await connection.refuse(.noRoom(for: .desired))
                case .received(let message): await received(hub, connection, message, keeper)
                case .streamRequested(let request): group.addTask { await streams.serve(request, hub: hub) }
                case .lost(let end): await lost(hub, connection.identity, end)
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
    func synchronise(_ hub: HubPeering, _ connection: any HubLink, _ digest: [ItemKey: String]) async {
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

    /// The connection is lost: whether the hub has ended the peering with it.
    ///
    /// - Parameter identity: what the hub has shown on it.
    func lost(_ hub: HubPeering, _ identity: PeerIdentity, _ end: PeerSessionEnd) async {
        context.logger.info(
            "a hub is disconnected",
            metadata: [
                LogKey.audit: "disconnected", LogKey.hubID: "\(hub.clusterID)", LogKey.hub: "\(hub.clusterName)",
                LogKey.reason: "\(end.message)",
            ])
        if end.error?.code == .duplicate { hub.refusedAsDuplicate() }
        guard end.goodbye?.reason == .unpeered else { return }
        await reconcilers.endings.begin(hub, .goodbye(identity))
    }
}
