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
        context.edges.update(name) { edge in if edge.authentication != condition { edge.authentication = condition } }
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
        if let known = try await credentials.load(cluster.clusterID) {
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
        context.logger.debug("cannot reach an edge", metadata: ["edge": "\(name)", "error": "\(error)"])
        switch error {
        case let error as NotAuthenticated:
            // A refusal that is already told is not replaced by the absence of a token, which is its consequence.
            if error.condition.reason != "NoToken" || context.edges[name]?.authentication.status != .denied {
                refuse(error.condition)
            }
        case let error as PeerDialError:
            let condition = Self.condition(error)
            context.edges.update(name) { edge in
                // A known edge that is away is still authenticated: its certificates hold.
                if condition.status == .pending, edge.certificateNotAfter != 0 { return }
                edge.authentication = condition
            }
        case let error as TLSError:
            refuse(PeeringCondition(.error, "TLSFailed", error.message))
        default:
            refuse(PeeringCondition(.pending, "NotReady", "\(error)"))
        }
        return .retry
    }

    private static func condition(_ error: PeerDialError) -> PeeringCondition {
        switch error.end.code {
        case .lost, .timeout, .silent, .goodbye: PeeringCondition(.pending, "EdgeUnreachable", "\(error)")
        case .refused where error.isTransient: PeeringCondition(.pending, "EdgeBusy", "\(error)")
        case .refused: PeeringCondition(.denied, error.end.error?.code.rawValue ?? "Refused", "\(error)")
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
            if edge.state != .draining, edge.state != .left { edge.state = .ready }
            edge.agentVersion = connection.peer.softwareVersion
            edge.authentication = PeeringCondition(.established, "CertificatesValid")
            edge.certificateNotAfter = held?.identity.leaf.notAfter ?? 0
        }
        links.attach(name, connection)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await probe(connection) }
            if let held { group.addTask { await renew(connection, held) } }
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
            let isReady = advertisement.conditions.first { $0.type == "Ready" }?.status == "True"
            context.edges.update(name) { edge in
                edge.advertisement = advertisement
                if edge.state == .ready || edge.state == .degraded { edge.state = isReady ? .ready : .degraded }
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
                if edge.state == .suspect { edge.state = .ready }
            }
        case .streamRequested(let stream):
            stream.refuse(code: "NotSupported", message: "the hub serves no streams")
        case .lost(let end):
            context.logger.log(
                level: end.code == .local ? .info : .warning, "the connection to an edge has ended",
                metadata: ["edge": "\(name)", "reason": "\(end)"])
        case .desired, .received:
            break
        }
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

    /// Asks for a new certificate at two thirds of the old one's life, over the connection that the old one still proves.
    private func renew(_ connection: PeerConnection, _ held: PeerCredentials) async {
        let left = held.identity.renewalTime - Int64(context.now())
        do {
            if left > 0 { try await Task.sleep(for: .seconds(left)) }
            let request = try CertificateRequest.make(
                key: held.identity.privateKey, commonName: context.configuration.clusterID)
            connection.renew(RenewMessage(certificateRequest: request.pem))
        } catch is CancellationError {
            return
        } catch {
            context.logger.error(
                "cannot ask for a new certificate", metadata: ["edge": "\(name)", "error": "\(error)"])
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
