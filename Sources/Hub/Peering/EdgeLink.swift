import ClusterAPI
import Digests
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
struct EdgeLink: Sendable {
    let cluster: ForeignCluster
    let context: HubContext
    let credentials: any PeerCredentialStore
    let dialler: PeerDialler
    let links: EdgeLinks

    private var name: String { cluster.name }

    /// Why there are no credentials, in the words of a condition.
    private struct NotAuthenticated: Error {
        let condition: PeeringCondition
    }

    /// Keeps the link until the task is cancelled.
    func run() async {
        guard cluster.clusterID != context.configuration.clusterID else {
            return refuse(
                PeeringCondition(
                    .denied, "SameCluster",
                    "the Cluster ID of the remote cluster is the same of that of the local cluster"))
        }
        let copy = ObservedCopy()
        await dialler.run(
            tls: { try context(for: try await obtain()) }, hello: { await hello() },
            failed: { await failed($0) }, serve: { await serve($0, copy) })
    }

    private func refuse(_ condition: PeeringCondition) {
        // Said once: whoever follows the edge looks at all of its pods each time it changes.
        guard context.edges[name]?.authentication != condition else { return }
        context.edges.update(name) { $0.authentication = condition }
    }

    // MARK: - Credentials

    private func context(for credentials: PeerCredentials) throws -> TLSContext {
        try PeerTLS.dialler(
            identity: credentials.identity, authorities: credentials.authorities, peerClusterID: cluster.clusterID)
    }

    private func hello() async -> HelloMessage {
        let epoch = (try? await credentials.load(cluster.clusterID))?.epoch ?? 0
        return HelloMessage(
            softwareVersion: context.configuration.version, clusterID: context.configuration.clusterID,
            clusterName: context.configuration.clusterName, role: .hub, epoch: epoch)
    }

    /// The credentials there are, or those that the token gives.
    private func obtain() async throws -> PeerCredentials {
        if let known = try await credentials.load(cluster.clusterID), try await !isWorthless(known) {
            guard Int64(context.now()) < known.identity.leaf.notAfter else {
                throw NotAuthenticated(
                    condition: PeeringCondition(
                        .error, "CertificateExpired",
                        "the hub's certificate for this edge has expired; unpeer, and peer again with a new token"))
            }
            authenticated(known)
            return known
        }
        let new = try await enrol()
        authenticated(new)
        return new
    }

    /// Whether the edge does not take the credentials any more, and there is a token to get new ones with.
    private func isWorthless(_ known: PeerCredentials) async throws -> Bool {
        let hasExpired = Int64(context.now()) >= known.identity.leaf.notAfter
        guard hasExpired || context.edges[name]?.authentication.status == .denied else { return false }
        let secret = try await context.cluster.find(
            .secrets, namespace: Names.systemNamespace, name: Names.tokenSecret(foreignCluster: name))
        return secret != nil
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

    private func enrol() async throws -> PeerCredentials {
        let secretName = Names.tokenSecret(foreignCluster: name)
        guard
            let secret = try await context.cluster.find(
                .secrets, namespace: Names.systemNamespace, name: secretName),
            let text = secret.json["data"]?["token"]?.string.flatMap(Base64.decode)
        else {
            throw NotAuthenticated(
                condition: PeeringCondition(
                    .pending, "NoToken",
                    "no token is there for this peering: run the command that 'causewayctl generate peer-command' prints at the edge"
                ))
        }
        let token: PeerToken
        do {
            token = try PeerToken(parsing: String(decoding: text, as: UTF8.self))
        } catch {
            try await context.cluster.deleteIfPresent(.secrets, namespace: Names.systemNamespace, name: secretName)
            throw NotAuthenticated(condition: PeeringCondition(.denied, "InvalidToken", "\(error)"))
        }
        do {
            let enrolment = try await dialler.enrol(
                token, clusterID: context.configuration.clusterID, clusterName: context.configuration.clusterName,
                role: .hub, peerClusterID: cluster.clusterID)
            let epoch = max(try await credentials.lastEpoch(cluster.clusterID) + 1, context.now())
            let new = PeerCredentials(
                clusterID: enrolment.clusterID, clusterName: enrolment.clusterName, identity: enrolment.identity,
                authorities: enrolment.authorities, epoch: epoch)
            try await credentials.save(new)
            await links.farewells.supersede(cluster.clusterID)
            context.edges.update(name) { edge in
                if edge.authentication.status == .denied {
                    edge.authentication = PeeringCondition(.pending, "Enrolled")
                }
            }
            try await context.cluster.deleteIfPresent(.secrets, namespace: Names.systemNamespace, name: secretName)
            context.logger.info(
                "enrolled at an edge",
                metadata: [
                    "edge": "\(name)", "token": "\(token.id)",
                    "certificate": "\(Hex.encode(new.identity.leaf.fingerprint))",
                ])
            return new
        } catch let error as PeerDialError where !error.isTransient {
            // The token is of no use any more: used, expired, wrong, or meant for another cluster.
            try await context.cluster.deleteIfPresent(.secrets, namespace: Names.systemNamespace, name: secretName)
            throw error
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
        case let error as NotAuthenticated:
            // A refusal that is already told is not replaced by the absence of a token, which is its consequence.
            guard error.condition.reason != "NoToken" || before?.authentication.status != .denied else { return false }
            refuse(error.condition)
        case let error as PeerDialError:
            // The same thing again, but for the time it took, is not worth a write and everybody's attention.
            guard before?.lastFailure.map({ !$0.isSame(as: error) }) ?? true else { return false }
            let condition = Self.condition(error)
            context.edges.update(name) { edge in
                edge.lastFailure = error
                // A known edge that is away is still authenticated: its certificates hold.
                if condition.status == .pending, edge.certificateNotAfter != 0 { return }
                // The edge's own words say more than its refusals afterwards.
                if condition.status == .denied, edge.authentication.reason == Self.revoked { return }
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

    /// The reason of a refusal by an edge that wants no peering any more.
    private static let revoked = "Revoked"

    private static func condition(_ error: PeerDialError) -> PeeringCondition {
        switch error.end.code {
        case .lost, .timeout, .silent, .goodbye: PeeringCondition(.pending, "EdgeUnreachable", "\(error)")
        case .refused where error.isTransient: PeeringCondition(.pending, "EdgeBusy", "\(error)")
        case .refused: PeeringCondition(.denied, error.end.error?.code.rawValue ?? "Refused", "\(error)")
        case .untrusted where error.end.error?.code == .notPeered:
            PeeringCondition(
                .denied, ErrorMessage.Code.notPeered.rawValue,
                "\(error.address.url): \(error.end.error?.message ?? error.end.message)")
        case .untrusted: PeeringCondition(.denied, "EdgeUntrusted", "\(error)")
        default: PeeringCondition(.error, "ProtocolError", "\(error)")
        }
    }

    // MARK: - Talking

    private func serve(_ connection: PeerConnection, _ copy: ObservedCopy) async {
        let held = try? await credentials.load(cluster.clusterID)
        let digest = copy.begin(epoch: connection.agreement.epoch)
        context.logger.info(
            "connected to an edge",
            metadata: [
                "edge": "\(name)", "address": "\(connection.remoteAddress)",
                "agent": "\(connection.peer.softwareVersion)",
            ])
        connection.hold(digest)
        context.edges.update(name) { edge in
            edge.isConnected = true
            edge.silentSince = nil
            edge.disconnectedSince = nil
            edge.lastFailure = nil
            if edge.state != .draining, edge.state != .left { edge.state = edge.stateByAdvertisement }
            edge.agentVersion = connection.peer.softwareVersion
            edge.authentication = PeeringCondition(.established, "CertificatesValid")
            edge.certificateNotAfter = held?.identity.leaf.notAfter ?? 0
        }
        links.attach(name, connection)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await probe(connection) }
            group.addTask { await renew(connection) }
            for await event in connection.events { await take(event, connection, copy) }
            group.cancelAll()
        }
        links.detach(name)
        context.edges.update(name) { edge in
            edge.isConnected = false
            edge.silentSince = edge.silentSince ?? .now
            if edge.state == .ready || edge.state == .degraded { edge.state = .suspect }
            edge.network = PeeringCondition(.pending, "NotConnected", "the edge's agent is not connected")
            edge.roundTripTime = nil
        }
    }

    private func take(_ event: PeerEvent, _ connection: PeerConnection, _ copy: ObservedCopy) async {
        switch event {
        case .observed(let changes):
            let (items, isComplete) = copy.apply(changes)
            let keys = changes.upserts.map(\.key) + changes.removals
            context.edges.update(name, .observed(keys)) { edge in
                edge.observed = items
                edge.isObservedComplete = isComplete
            }
            if keys.contains(where: { $0.kind == ItemKey.namespaceKind }) || changes.isComplete {
                context.edges.update(name) { _ in }
            }
        case .received(.advertise(let advertisement)):
            context.edges.update(name) { edge in
                edge.advertisement = VirtualNode.sanitized(advertisement)
                if edge.state == .ready || edge.state == .degraded { edge.state = edge.stateByAdvertisement }
            }
        case .received(.renewed(let answer)):
            await keep(answer)
        case .suspected:
            context.edges.update(name) { edge in
                edge.silentSince = .now
                if edge.state == .ready || edge.state == .degraded { edge.state = .suspect }
            }
        case .recovered:
            context.edges.update(name) { edge in
                edge.silentSince = nil
                if edge.state == .suspect { edge.state = edge.stateByAdvertisement }
            }
        case .streamRequested(let stream):
            stream.refuse(code: "NotSupported", message: "the hub serves no streams")
        case .lost(let end):
            context.logger.log(
                level: end.code == .local ? .info : .warning, "the connection to an edge has ended",
                metadata: ["edge": "\(name)", "reason": "\(end)"])
            if let goodbye = end.goodbye { take(goodbye) }
        case .desired, .received:
            break
        }
    }

    /// An edge that ends the peering itself says so once, and knows the hub no more.
    private func take(_ goodbye: GoodbyeMessage) {
        guard goodbye.reason == .revoked || goodbye.reason == .unpeered else { return }
        let detail = goodbye.message.isEmpty ? "" : ": \(goodbye.message)"
        refuse(
            PeeringCondition(
                .denied, Self.revoked,
                "\(cluster.clusterName) has ended the peering\(detail); peer again with a new token of it, or unpeer"))
    }

    private func probe(_ connection: PeerConnection) async {
        let probe = EdgeProbe(
            connection: connection, interval: context.configuration.probeInterval,
            losses: context.configuration.probeLosses
        ) { time, why in
            context.edges.update(name, .measured) { edge in
                edge.roundTripTime = time
                edge.network =
                    time != nil
                    ? PeeringCondition(.established, "PodNetworkAnswers")
                    : PeeringCondition(.error, "PodNetworkSilent", why)
            }
        }
        await probe.run()
    }

    // MARK: - Renewal

    /// The longest wait before the clock is looked at again: it may have jumped.
    private static let renewalCheck = 3600
    /// How soon a request for a new certificate is said again that was not answered.
    private static let renewalRetry = 60

    /// Asks for a new certificate at two thirds of the old one's life, over the connection that the old one still proves,
    /// for as long as the connection lasts.
    private func renew(_ connection: PeerConnection) async {
        while !Task.isCancelled {
            var wait = Self.renewalRetry
            do {
                if let held = try await credentials.load(cluster.clusterID) {
                    let left = Int(clamping: held.identity.renewalTime) - context.now()
                    if left > 0 {
                        wait = min(left, Self.renewalCheck)
                    } else {
                        let request = try CertificateRequest.make(
                            key: held.identity.privateKey, commonName: context.configuration.clusterID)
                        connection.renew(RenewMessage(certificateRequest: request.pem))
                    }
                }
            } catch {
                context.logger.error(
                    "cannot ask for a new certificate", metadata: ["edge": "\(name)", "error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(wait))
        }
    }

    private func keep(_ answer: RenewedMessage) async {
        do {
            guard let held = try await credentials.load(cluster.clusterID) else { return }
            var new = held
            new.identity = try Identity(
                chain: Certificate.chain(pem: answer.certificateChain), privateKey: held.identity.privateKey)
            new.authorities = try Certificate.chain(pem: answer.authority)
            try await credentials.save(new)
            context.edges.update(name) { $0.certificateNotAfter = new.identity.leaf.notAfter }
            context.logger.info(
                "renewed the certificate for an edge",
                metadata: ["edge": "\(name)", "certificate": "\(Hex.encode(new.identity.leaf.fingerprint))"])
        } catch {
            context.logger.error(
                "cannot keep a renewed certificate", metadata: ["edge": "\(name)", "error": "\(error)"])
        }
    }
}

extension PeerDialError {
    /// Whether it says the same as another one, the time it took apart.
    fileprivate func isSame(as other: PeerDialError) -> Bool {
        address == other.address && attempts == other.attempts && end == other.end
    }
}
