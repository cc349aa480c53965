import ClusterAPI
import Digests
import KubernetesModel
public import Logging
import OffloadingModel
public import PeerTransport
import Sessions
import TLSTransport
public import Wire

/// Turns tokens into peerings: verifies, remembers, and issues the dialling peer's certificate.
public struct EnrolmentDesk: Sendable {
    private let local: LocalPeer
    private let tokens: TokenDesk
    private let book: PeeringBook
    private let authority: PeeringAuthority
    private let logger: Logger
    private let now: @Sendable () -> Int
    private let guesses = TokenGuesses<CallerNetwork>()
    private let admits: @Sendable (EnrollMessage) async throws -> Void
    private let enrolled: @Sendable (PeeringRecord) async throws -> Void

    /// - Parameters:
    ///   - local: this cluster; a peer of the same role is refused.
    ///   - now: seconds since 1970.
    ///   - admits: what else must hold of a peer whose token is good; throws an ``EnrolmentRefusal`` otherwise.
    ///   - enrolled: told of each peering that began or began anew, before the peer has its certificate.
    public init(
        local: LocalPeer, tokens: TokenDesk, book: PeeringBook, authority: PeeringAuthority, logger: Logger,
        now: @escaping @Sendable () -> Int, admits: @escaping @Sendable (EnrollMessage) async throws -> Void,
        enrolled: @escaping @Sendable (PeeringRecord) async throws -> Void
    ) {
        self.local = local
        self.tokens = tokens
        self.book = book
        self.authority = authority
        self.logger = logger
        self.now = now
        self.admits = admits
        self.enrolled = enrolled
    }

    /// The answer to a dialler without a certificate. A refusal of the token does not say what is wrong with it.
    public func enrol(_ request: EnrollMessage, from caller: PeerCaller) async -> EnrolmentAnswer {
        var logger = logger
        logger[metadataKey: LogKey.peerID] = "\(request.clusterID)"
        logger[metadataKey: LogKey.peer] = "\(request.clusterName)"
        logger[metadataKey: LogKey.token] = "\(PeerToken.isID(request.tokenID) ? request.tokenID : "malformed")"
        logger[metadataKey: LogKey.address] = "\(caller.address)"
        let network = CallerNetwork(caller.address)
        if let wait = guesses.wait(for: network, now: .now) {
            logger.warning("a peer guesses tokens", metadata: [LogKey.audit: "token-refused-unseen"])
            return .refused(
                ErrorMessage(
                    code: .busy,
                    message:
                        "too many refused tokens came from this address; try again in \(wait.components.seconds + 1) s")
            )
        }
        do {
            let key = try? CertificateRequest(pem: request.certificateRequest).publicKey
            // A broken secret or request is verified like any other, and refused like any other.
            let secret = key == nil ? nil : PeerToken.secret(fromText: request.tokenSecret)
            let outcome = try await tokens.redeem(
                id: request.tokenID, secret: secret ?? [], clusterName: request.clusterName,
                clusterID: request.clusterID, keyHash: key?.subjectPublicKeyInfoSHA256 ?? [],
                refused: { logger[metadataKey: LogKey.reason] = "\($0)" }, check: { try await check(request) })
            guard outcome == .redeemed, let key else {
                guesses.note(network, now: .now)
                logger.warning("a token was refused", metadata: [LogKey.audit: "token-refused"])
                return .tokenRefused
            }
            logger.info("a token was used", metadata: [LogKey.audit: "token-used"])
            return .enrolled(try await issue(request, key, logger))
        } catch let refusal as EnrolmentRefusal {
            logger.warning(
                "an enrolment was refused",
                metadata: [LogKey.audit: "enrolment-refused", LogKey.reason: "\(refusal.error.message)"])
            return .refused(refusal.error)
        } catch {
            logger.error("an enrolment failed", metadata: [LogKey.error: "\(error)"])
            return .refused(
                ErrorMessage(
                    code: .unavailable,
                    message: "\(local.clusterName) could not complete the enrolment; try again"
                ))
        }
    }

    /// Whether the peer may be what it says. The token stays good when it may not.
    private func check(_ request: EnrollMessage) async throws {
        guard request.role == local.role.opposite else {
            throw EnrolmentRefusal(
                "\(request.clusterName) and \(local.clusterName) are both \(local.role.rawValue)s; a peering has one hub and one agent"
            )
        }
        guard request.clusterID != local.clusterID else {
            throw EnrolmentRefusal("a cluster cannot peer with itself")
        }
        guard ClusterIdentity.isID(request.clusterID) else {
            throw EnrolmentRefusal("the cluster id is not made of 1 to 63 letters, digits and hyphens")
        }
        guard ClusterIdentity.isName(request.clusterName) else {
            throw EnrolmentRefusal("the cluster name is no DNS name of lower-case letters, digits, hyphens and dots")
        }
        let records = await book.all
        try checkName(request, records.first { $0.clusterID == request.clusterID }, records)
        try await admits(request)
    }

    /// A name stands for one cluster, and a cluster has one name.
    private func checkName(
        _ request: EnrollMessage, _ known: PeeringRecord?, _ records: [PeeringRecord]
    ) throws(EnrolmentRefusal) {
        let other = records.first { $0.clusterName == request.clusterName && $0.clusterID != request.clusterID }
        if let other {
            throw EnrolmentRefusal(
                "\(local.clusterName) is peered with another cluster of the name \(request.clusterName) "
                    + "(\(other.clusterID)); unpeer that one first, or rename yours")
        }
        if let known, known.clusterName != request.clusterName {
            throw EnrolmentRefusal(
                "cluster \(request.clusterID) is peered under the name \(known.clusterName); unpeer it first")
        }
    }

    private func issue(
        _ request: EnrollMessage, _ key: PublicKey, _ logger: Logger
    ) async throws -> EnrolledMessage {
        let now = now()
        let certificate = try authority.issuer.issue(
            .peerClient(clusterID: request.clusterID), for: key, now: Int64(now))
        let issued = IssuedCertificate(certificate)
        let record = try await book.change(request.clusterID) { known, others in
            // Somebody may have been faster since the first look.
            try checkName(request, known, others)
            var record =
                known ?? PeeringRecord(clusterID: request.clusterID, clusterName: request.clusterName, since: now)
            if known?.isEnding == true { record.since = now }
            // A new key begins the peering anew: whoever held the old one holds nothing. A hub's epoch rises; an edge takes
            // the one that the hub will name.
            if !record.issued.contains(where: { $0.keyHash == issued.keyHash }) {
                record.epoch = local.role == .hub ? max(record.epoch + 1, now) : 0
            }
            record.isEnding = false
            record.revoke(keysOtherThan: issued.keyHash)
            record.issued.append(issued)
            record.revokedSince = nil
            return record
        }
        logger.info(
            "a certificate was issued",
            metadata: [LogKey.audit: "certificate-issued", LogKey.fingerprint: "\(issued.fingerprint)"])
        try await enrolled(record)
        return EnrolledMessage(
            certificateChain: certificate.pem, authority: authority.announced,
            clusterID: local.clusterID, clusterName: local.clusterName)
    }

    /// Issues a new certificate to a peer that is known by its old one, to that one's subject.
    ///
    /// - Throws: `TLSError` for a broken request, what the store throws, ``NotPeered`` where the peering is over.
    public func renew(_ request: RenewMessage, of clusterID: String) async throws -> RenewedMessage {
        try await issueAgain(try CertificateRequest(pem: request.certificateRequest).publicKey, to: clusterID)
    }

    private func issueAgain(_ key: PublicKey, to clusterID: String) async throws -> RenewedMessage {
        let certificate = try authority.issuer.issue(.peerClient(clusterID: clusterID), for: key, now: Int64(now()))
        let issued = IssuedCertificate(certificate)
        try await book.change(clusterID) { known, _ in
            guard var record = known, !record.isEnding else { throw NotPeered() }
            record.issued.append(issued)
            return record
        }
        logger.info(
            "a certificate was renewed",
            metadata: [
                LogKey.audit: "certificate-renewed", LogKey.peerID: "\(clusterID)",
                LogKey.fingerprint: "\(issued.fingerprint)",
            ])
        return RenewedMessage(certificateChain: certificate.pem, authority: authority.announced)
    }
}

extension EnrolmentDesk {
    /// Answers a request for a new certificate on the connection that the old one proves.
    ///
    /// A broken request ends the connection. After any other failure the peer asks again: its old certificate is still good
    /// for a third of its life.
    public func renew(_ request: RenewMessage, over connection: PeerConnection) async {
        let clusterID = connection.identity.commonName
        do {
            connection.renewed(try await renew(request, of: clusterID))
        } catch let error as TLSError {
            await connection.refuse(
                ErrorMessage(
                    code: .protocolViolation, message: "the request for a certificate is broken: \(error.message)"))
        } catch {
            logger.error(
                "a certificate was not renewed",
                metadata: [LogKey.peerID: "\(clusterID)", LogKey.error: "\(error)"])
        }
    }
}

/// There is no peering with a cluster, or it is over.
public struct NotPeered: Error, Sendable {
    public init() {}
}

extension EnrolmentDesk {
    /// Gives a peer that shows a certificate of an authority which is being replaced one of the next, for the same key, and
    /// notes which authority's it shows. Does nothing while none is replaced. To be called for each connection of a peer that
    /// has dialled.
    public func succeed(over connection: PeerConnection) async {
        guard authority.successor != nil else { return }
        let clusterID = connection.identity.commonName
        let leaf = connection.identity.leaf
        do {
            let shown = authority.trusted.first { $0.subject == leaf.issuer }.map {
                Hex.encode($0.subjectPublicKeyInfoSHA256)
            }
            try await book.change(clusterID) { known, _ in
                guard var record = known, !record.isEnding else { throw NotPeered() }
                record.authority = shown
                return record
            }
            guard leaf.issuer != authority.issuer.certificate.subject else { return }
            connection.renewed(try await issueAgain(leaf.publicKey, to: clusterID))
        } catch is NotPeered {
            return
        } catch {
            logger.error(
                "a peer was not given a certificate of the next authority",
                metadata: [LogKey.peerID: "\(clusterID)", LogKey.error: "\(error)"])
        }
    }
}

extension IssuedCertificate {
    init(_ certificate: Certificate) {
        self.init(
            fingerprint: Hex.encode(certificate.fingerprint),
            keyHash: Hex.encode(certificate.subjectPublicKeyInfoSHA256), notAfter: Int(certificate.notAfter))
    }
}
