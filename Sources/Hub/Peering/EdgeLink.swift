import ClusterAPI
import Digests
import Enrolment
import JSONTree
import KubernetesModel
import Logging
import OffloadingModel
import PeerTransport
import Scheduling
import Sessions
import TLSTransport
import Wire

/// The link to one edge: gets credentials, connects again and again, and takes over what the edge says.
///
/// An edge that has joined the hub dials itself: ``serve(_:_:_:)`` takes its connections then.
struct EdgeLink: Sendable {
    let cluster: ForeignCluster
    let context: HubContext
    let links: EdgeLinks

    private var name: String { cluster.name }

    /// Dials, and keeps the link until the task is cancelled.
    func run(_ dialler: any PeerDialling, _ credentials: any PeerCredentialStore) async {
        guard cluster.clusterID != context.configuration.clusterID else {
            return refuse(
                PeeringCondition(
                    .denied, "SameCluster",
                    "the Cluster ID of the remote cluster is the same of that of the local cluster"))
        }
        let (copy, first) = (ObservedCopy(), Once())
        let keeper = CredentialKeeper(
            local: context.configuration.localPeer, name: name, peerID: cluster.clusterID, cluster: context.cluster,
            store: credentials, dialler: dialler, logger: context.logger, now: context.now)
        await dialler.run(
            backoff: Backoff(), tls: { try keeper.tls(try await obtain(keeper)) },
            hello: {
                let held = try? await credentials.load(cluster.clusterID)
                return context.configuration.localPeer.hello(epoch: held?.epoch ?? 0)
            },
            failed: { await failed($0) },
            serve: { connection in
                if let refusal = await links.judge(connection, of: cluster) {
                    await connection.refuse(refusal)
                    // Another attempt may reach the other one; it need not be made at once.
                    try? await Task.sleep(for: .seconds(2))
                    return
                }
                async let forgotten: Void = first.run { await keeper.forgetUnneededToken() }
                await serve(connection, copy, .dialled(keeper))
                await forgotten
            })
    }

    private func refuse(_ condition: PeeringCondition) {
        // Said once: whoever follows the edge looks at all of its pods each time it changes.
        guard context.edges[name]?.authentication != condition else { return }
        context.edges.update(name) { $0.authentication = condition }
    }

    // MARK: - Credentials

    private func obtain(_ keeper: CredentialKeeper) async throws -> PeerCredentials {
        let status = context.edges[name]?.authentication.status
        let areDenied = status == .denied || status == .error
        let held = try await keeper.obtain(areDenied: areDenied) { _ in
            await links.farewells.supersede(cluster.clusterID)
            context.edges.update(name) { edge in
                if [.denied, .error].contains(edge.authentication.status) {
                    edge.authentication = PeeringCondition(.pending, "Enrolled")
                }
            }
        }
        authenticated(held)
        return held
    }

    /// Both certificates hold: the hub's by its dates; the edge's was checked when it was pinned and is with each connection.
    private func authenticated(_ credentials: PeerCredentials) {
        context.edges.update(name) { edge in
            edge.certificateNotAfter = credentials.identity.leaf.notAfter
            if edge.authentication.status == .pending {
                edge.authentication = PeeringCondition(.established, "CertificatesValid")
            }
        }
    }

    /// What an attempt that failed says about the peering.
    private func failed(_ error: any Error) async -> RetryDecision {
        let isNew = takeFailure(error)
        // Once what is new, whatever the number of attempts: an edge may be away for days.
        context.logger.log(
            level: isNew ? .info : .debug, "an edge cannot be reached, dialling on",
            metadata: ["edge": "\(name)", "error": "\(error)"])
        return .retry
    }

    /// - Returns: whether the failure says anything that the one before did not.
    private func takeFailure(_ error: any Error) -> Bool {
        let before = context.edges[name]
        switch error {
        case let error as CredentialProblem:
            // A refusal that is already told is not replaced by the absence of a token, which is its consequence.
            guard error.condition.reason != "NoToken" || before?.authentication.status != .denied else { return false }
            refuse(error.condition)
        case let error as PeerDialError:
            // The same thing again, but for the time it took, is not worth a write and everybody's attention.
            guard before?.lastFailure.map({ !$0.isSame(as: error) }) ?? true else { return false }
            let condition = PeeringCondition(error, of: .agent)
            context.edges.update(name) { edge in
                edge.lastFailure = error
                // A known edge that is away is still authenticated: its certificates hold.
                if condition.status == .pending, edge.certificateNotAfter != 0 { return }
                // The edge's own words say more than its refusals afterwards.
                if condition.status == .denied, edge.authentication.reason == PeeringCondition.revoked { return }
                edge.authentication = condition
            }
            return true
        case let error as TLSError:
            refuse(PeeringCondition(.error, "TLSFailed", "\(error)"))
        default:
            refuse(PeeringCondition(.pending, "NotReady", "\(error)"))
        }
        return context.edges[name]?.authentication != before?.authentication
    }

    // MARK: - Talking

    /// Who came to whom, and so who renews whose certificate.
    enum Side: Sendable {
        case dialled(CredentialKeeper)
        /// The edge dialled; its certificate is the hub's to renew.
        case accepted(EnrolmentDesk)
    }

    /// Talks with the edge until the connection is lost.
    ///
    /// - Parameter copy: outlives connections, so that only differences are told anew.
    func serve(_ connection: PeerConnection, _ copy: ObservedCopy, _ side: Side) async {
        // Its certificate may have been revoked since it was admitted.
        if case .accepted = side, await links.joined.book.record(provedBy: connection.identity) == nil {
            return await connection.refuse(
                ErrorMessage(
                    code: .unavailable, message: "the certificate was replaced or revoked meanwhile; dial again"))
        }
        let talk = EdgeConversation(cluster: cluster, context: context, copy: copy)
        let digest = talk.begin(connection.agreement)
        context.logger.info(
            "connected to an edge",
            metadata: [
                "audit": "connected", "edge": "\(name)", "edge.id": "\(cluster.clusterID)",
                "address": "\(connection.remoteAddress)",
                "fingerprint": "\(Hex.encode(connection.identity.leaf.fingerprint))",
                "agent": "\(connection.peer.softwareVersion)",
            ])
        connection.hold(digest)
        // Of an edge that dials, the certificate is its own; the hub's was known when it dialled.
        if case .accepted = side {
            context.edges.update(name) { $0.certificateNotAfter = connection.identity.leaf.notAfter }
        }
        links.attach(name, connection)
        if case .accepted(let desk) = side { await desk.succeed(over: connection) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await probe(connection) }
            if case .dialled(let keeper) = side { group.addTask { await keeper.renew(over: connection) } }
            for await event in connection.events { await take(event, connection, talk, side) }
            group.cancelAll()
        }
        links.detach(name)
        talk.end()
    }

    private func take(
        _ event: PeerEvent, _ connection: PeerConnection, _ talk: EdgeConversation, _ side: Side
    ) async {
        switch event {
        case .observed(let changes):
            guard !talk.take(changes) else { return }
            await connection.refuse(.noRoom(for: .observed))
        case .received(.advertise(let advertisement)):
            talk.take(advertisement)
        case .received(.renewed(let answer)):
            guard case .dialled(let keeper) = side, let held = await keeper.keep(answer) else { return }
            context.edges.update(name) { $0.certificateNotAfter = held.identity.leaf.notAfter }
        case .received(.renew(let request)):
            guard case .accepted(let desk) = side else { return }
            await desk.renew(request, over: connection)
        case .suspected(let silence):
            talk.suspected(for: silence)
        case .recovered:
            talk.recovered()
        case .streamRequested(let stream):
            stream.refuse(code: "NotSupported", message: "the hub serves no streams")
        case .lost(let end):
            talk.lost(end)
        case .desired, .received:
            break
        }
    }

    private func probe(_ connection: PeerConnection) async {
        let probe = EdgeProbe(
            connection: connection, interval: context.configuration.probeInterval,
            losses: context.configuration.probeLosses
        ) { time, why in
            let network =
                time != nil
                ? PeeringCondition(.established, "PodNetworkAnswers")
                : PeeringCondition(.error, "PodNetworkSilent", why)
            // Who looks at the edge each time anything is measured does nothing else when there are a thousand.
            guard let edge = context.edges[name],
                edge.network != network || RecentRoundTrips.isWorthTelling(from: edge.roundTripTime, to: time)
            else { return }
            context.edges.update(name, .measured) { edge in
                edge.roundTripTime = time
                edge.network = network
            }
        }
        await probe.run()
    }
}

extension PeerDialError {
    /// Whether it says the same as another one, the time it took apart.
    fileprivate func isSame(as other: PeerDialError) -> Bool {
        address == other.address && attempts == other.attempts && end == other.end
    }
}
