import ClusterAPI
import Digests
import KubernetesModel
import Logging
import OffloadingModel
import PeerTransport
import Sessions
import TLSTransport
import Wire

/// Turns tokens into peerings: verifies, remembers, and issues the hub's certificate.
struct EnrolmentDesk: Sendable {
    let context: AgentContext
    let tokens: TokenDesk
    let authority: CertificateAuthority
    /// Told of each peering that began or began anew.
    let enrolled: @Sendable (PeeringRecord) async -> Void

    /// Why a peer with a good token is not taken.
    private struct Refusal: Error {
        let error: ErrorMessage
        init(_ message: String, _ code: ErrorMessage.Code = .identity) {
            error = ErrorMessage(code: code, message: message)
        }
    }

    func enrol(_ request: EnrollMessage, from caller: PeerCaller) async -> EnrolmentAnswer {
        var logger = context.logger
        logger[metadataKey: LogKey.hubID] = "\(request.clusterID)"
        logger[metadataKey: LogKey.hub] = "\(request.clusterName)"
        logger[metadataKey: LogKey.token] = "\(PeerToken.isID(request.tokenID) ? request.tokenID : "malformed")"
        logger[metadataKey: LogKey.address] = "\(caller.address)"
        do {
            let key = try? CertificateRequest(pem: request.certificateRequest).publicKey
            // A broken secret or request is verified like any other, and refused like any other.
            let secret = key == nil ? nil : PeerToken.secret(fromText: request.tokenSecret)
            let outcome = try await tokens.redeem(
                id: request.tokenID, secret: secret ?? [], clusterName: request.clusterName,
                keyHash: key?.subjectPublicKeyInfoSHA256 ?? [], check: { try await check(request) })
            guard outcome == .redeemed, let key else {
                logger.warning("a token was refused", metadata: [LogKey.audit: "token-refused"])
                return .tokenRefused
            }
            logger.info("a token was used", metadata: [LogKey.audit: "token-used"])
            return .enrolled(try await issue(request, key, logger))
        } catch let refusal as Refusal {
            logger.warning(
                "an enrolment was refused",
                metadata: [LogKey.audit: "enrolment-refused", LogKey.reason: "\(refusal.error.message)"])
            return .refused(refusal.error)
        } catch {
            logger.error("an enrolment failed", metadata: [LogKey.error: "\(error)"])
            return .refused(
                ErrorMessage(
                    code: .unavailable,
                    message: "the edge \(context.configuration.clusterName) could not complete the enrolment; try again"
                ))
        }
    }

    /// Whether the peer may be what it says. The token stays good when it may not.
    private func check(_ request: EnrollMessage) async throws {
        let configuration = context.configuration
        guard request.role == .hub else {
            throw Refusal("\(request.clusterName) is not a hub; an edge peers with hubs")
        }
        guard request.clusterID != configuration.clusterID else { throw Refusal("a cluster cannot peer with itself") }
        guard ClusterIdentity.isID(request.clusterID) else {
            throw Refusal("the cluster id is not made of 1 to 63 letters, digits and hyphens")
        }
        guard ClusterIdentity.isName(request.clusterName) else {
            throw Refusal("the cluster name is no DNS name of lower-case letters, digits, hyphens and dots")
        }
        let records = await context.book.all
        try checkName(request, records.first { $0.clusterID == request.clusterID }, records)
        let object = try await context.cluster.find(.foreignClusters, name: request.clusterName)
        if let object, ForeignCluster(object).incomingEnabled == .no {
            throw Refusal(
                "\(configuration.clusterName) has turned its incoming peering with \(request.clusterName) off; at that edge "
                    + "run 'kubectl delete foreignclusters \(request.clusterName)' to allow it again", .notPeered)
        }
    }

    /// A name stands for one cluster, and a cluster has one name.
    private func checkName(
        _ request: EnrollMessage, _ known: PeeringRecord?, _ records: [PeeringRecord]
    ) throws(Refusal) {
        let other = records.first { $0.clusterName == request.clusterName && $0.clusterID != request.clusterID }
        if let other {
            throw Refusal(
                "\(context.configuration.clusterName) is peered with another cluster of the name \(request.clusterName) "
                    + "(\(other.clusterID)); unpeer that one first, or rename yours")
        }
        if let known, known.clusterName != request.clusterName {
            throw Refusal("cluster \(request.clusterID) is peered under the name \(known.clusterName); unpeer it first")
        }
    }

    private func issue(
        _ request: EnrollMessage, _ key: PublicKey, _ logger: Logger
    ) async throws -> EnrolledMessage {
        let now = context.now()
        let certificate = try authority.issue(
            .peerClient(clusterID: request.clusterID), for: key, now: Int64(now))
        let issued = IssuedCertificate(certificate)
        let record = try await context.book.change(request.clusterID) { known, others in
            // Somebody may have been faster since the first look.
            try checkName(request, known, others)
            var record =
                known ?? PeeringRecord(clusterID: request.clusterID, clusterName: request.clusterName, since: now)
            if known?.isEnding == true { record.since = now }
            // A new key begins the peering anew: whoever held the old one holds nothing, and counts epochs from the start.
            if !record.issued.contains(where: { $0.keyHash == issued.keyHash }) { record.epoch = 0 }
            record.isEnding = false
            record.revoke(keysOtherThan: issued.keyHash)
            record.issued.append(issued)
            return record
        }
        logger.info(
            "a certificate was issued",
            metadata: [LogKey.audit: "certificate-issued", LogKey.fingerprint: "\(issued.fingerprint)"])
        await enrolled(record)
        return EnrolledMessage(
            certificateChain: certificate.pem, authority: authority.certificate.pem,
            clusterID: context.configuration.clusterID, clusterName: context.configuration.clusterName)
    }

    /// Issues a new certificate to a peer that is known by its old one, to that one's subject.
    ///
    /// - Throws: `TLSError` for a broken request, what the store throws; ``NotPeered`` where the peering is over.
    func renew(_ request: RenewMessage, hub clusterID: String) async throws -> RenewedMessage {
        let key = try CertificateRequest(pem: request.certificateRequest).publicKey
        let certificate = try authority.issue(.peerClient(clusterID: clusterID), for: key, now: Int64(context.now()))
        let issued = IssuedCertificate(certificate)
        try await context.book.change(clusterID) { known, _ in
            guard var record = known, !record.isEnding else { throw NotPeered() }
            record.issued.append(issued)
            return record
        }
        context.logger.info(
            "a certificate was renewed",
            metadata: [
                LogKey.audit: "certificate-renewed", LogKey.hubID: "\(clusterID)",
                LogKey.fingerprint: "\(issued.fingerprint)",
            ])
        return RenewedMessage(certificateChain: certificate.pem, authority: authority.certificate.pem)
    }

    struct NotPeered: Error {}
}

extension IssuedCertificate {
    init(_ certificate: Certificate) {
        self.init(
            fingerprint: Hex.encode(certificate.fingerprint),
            keyHash: Hex.encode(certificate.subjectPublicKeyInfoSHA256), notAfter: Int(certificate.notAfter))
    }
}
