public import ClusterAPI
import Digests
import JSONTree
public import KubernetesModel
public import Logging
import OffloadingModel
public import PeerTransport
import Sessions
public import TLSTransport
public import Wire

/// Gets, keeps and renews what proves this cluster to one peer that it dials.
public struct CredentialKeeper: Sendable {
    private let local: LocalPeer
    private let name: String
    private let peerID: String
    private let cluster: any ClusterAPI
    private let store: any PeerCredentialStore
    private let dialler: any PeerDialling
    private let logger: Logger
    private let now: @Sendable () -> Int

    /// - Parameters:
    ///   - name: of the ForeignCluster that stands for the peer; its token is kept under it.
    ///   - peerID: the peer's cluster id; nobody else may answer.
    ///   - cluster: where the token is.
    ///   - now: seconds since 1970.
    public init(
        local: LocalPeer, name: String, peerID: String, cluster: any ClusterAPI, store: any PeerCredentialStore,
        dialler: any PeerDialling, logger: Logger, now: @escaping @Sendable () -> Int
    ) {
        self.local = local
        self.name = name
        self.peerID = peerID
        self.cluster = cluster
        self.store = store
        self.dialler = dialler
        self.logger = logger
        self.now = now
    }

    /// What `causewayctl generate` is asked for where a token is needed, at the other side.
    private var generated: String { local.role == .hub ? "peer-command" : "join-command" }

    // MARK: - Getting

    /// The credentials there are, or those that the token gives.
    ///
    /// - Parameters:
    ///   - areDenied: whether the peer has refused the ones that there are; a token gets new ones then.
    ///   - enrolled: told of new ones, when they are kept and before the token is forgotten.
    /// - Throws: ``CredentialProblem``, `PeerDialError`, `TLSError`, what the cluster and the store throw.
    public func obtain(
        areDenied: Bool, enrolled: (PeerCredentials) async throws -> Void
    ) async throws -> PeerCredentials {
        if let known = try await store.load(peerID), try await !isWorthless(known, areDenied) {
            guard Int64(now()) < known.identity.leaf.notAfter else {
                throw CredentialProblem(
                    PeeringCondition(
                        .error, "CertificateExpired",
                        "the \(local.role.rawValue)'s certificate for this peering has expired; peer again with a new token"
                    ))
            }
            return known
        }
        return try await enrol(enrolled)
    }

    /// Whether the peer does not take the credentials any more, and there is a token to get new ones with.
    private func isWorthless(_ known: PeerCredentials, _ areDenied: Bool) async throws -> Bool {
        guard Int64(now()) >= known.identity.leaf.notAfter || areDenied else { return false }
        return try await cluster.find(.secrets, namespace: Names.systemNamespace, name: secretName) != nil
    }

    /// The token as it was given, in the Secret that a token waits in to be used; `nil` where there is none in it.
    public static func tokenText(_ secret: KubernetesObject) -> String? {
        secret.json["data"]?["token"]?.string.flatMap(Base64.decode).map { String(decoding: $0, as: UTF8.self) }
    }

    private var secretName: String {
        Names.tokenSecret(foreignCluster: name, local.role == .hub ? .outgoing : .incoming)
    }

    private func enrol(_ enrolled: (PeerCredentials) async throws -> Void) async throws -> PeerCredentials {
        guard let secret = try await cluster.find(.secrets, namespace: Names.systemNamespace, name: secretName),
            let text = Self.tokenText(secret)
        else {
            throw CredentialProblem(
                PeeringCondition(
                    .pending, "NoToken",
                    "no token is there for this peering: run the command that 'causewayctl generate \(generated)' prints at the other cluster"
                ))
        }
        let token: PeerToken
        do {
            token = try PeerToken(parsing: text)
        } catch {
            try await forgetToken()
            throw CredentialProblem(PeeringCondition(.denied, "InvalidToken", "\(error)"))
        }
        do {
            let enrolment = try await dialler.enrol(
                token, clusterID: local.clusterID, clusterName: local.clusterName, role: local.role,
                peerClusterID: peerID)
            let epoch = max(try await store.lastEpoch(peerID) + 1, now())
            let new = PeerCredentials(
                clusterID: enrolment.clusterID, clusterName: enrolment.clusterName, identity: enrolment.identity,
                authorities: enrolment.authorities, epoch: epoch)
            try await store.save(new)
            try await enrolled(new)
            try await forgetToken()
            logger.info(
                "enrolled at a peer",
                metadata: [
                    LogKey.audit: "enrolled", LogKey.peer: "\(name)", LogKey.peerID: "\(peerID)",
                    LogKey.token: "\(token.id)",
                    LogKey.fingerprint: "\(Hex.encode(new.identity.leaf.fingerprint))",
                ])
            return new
        } catch let error as PeerDialError where !error.isTransient {
            // The token is of no use any more: used, expired, wrong, or meant for another cluster.
            try await forgetToken()
            throw error
        }
    }

    /// The peer takes the credentials that there are: a token that came beside them is not needed, and must not begin the peering
    /// anew by itself when that has been ended. Does nothing where there is none.
    public func forgetUnneededToken() async {
        do {
            try await forgetToken()
        } catch {
            logger.warning(
                "cannot remove a token that is not needed",
                metadata: [LogKey.peer: "\(name)", LogKey.error: "\(error)"])
        }
    }

    private func forgetToken() async throws {
        try await cluster.deleteIfPresent(.secrets, namespace: Names.systemNamespace, name: secretName)
    }

    /// For a connection with the credentials.
    public func tls(_ credentials: PeerCredentials) throws(TLSError) -> TLSContext {
        try PeerTLS.dialler(
            identity: credentials.identity, authorities: credentials.authorities, peerClusterID: peerID)
    }

    // MARK: - Renewing

    /// The longest wait before the clock is looked at again: it may have jumped.
    private static let renewalCheck = 3600
    /// How soon a request for a new certificate is said again that was not answered.
    private static let renewalRetry = 60

    /// Asks for a new certificate at two thirds of the old one's life, over the connection that the old one still proves,
    /// until the task is cancelled.
    public func renew(over connection: PeerConnection) async {
        while !Task.isCancelled {
            var wait = Self.renewalRetry
            do {
                if let held = try await store.load(peerID) {
                    let left = Int(clamping: held.identity.renewalTime) - now()
                    if left > 0 {
                        wait = min(left, Self.renewalCheck)
                    } else {
                        let request = try CertificateRequest.make(
                            key: held.identity.privateKey, commonName: local.clusterID)
                        connection.renew(RenewMessage(certificateRequest: request.pem))
                    }
                }
            } catch {
                logger.error(
                    "cannot ask for a new certificate", metadata: [LogKey.peer: "\(name)", LogKey.error: "\(error)"])
            }
            try? await Task.sleep(for: .seconds(wait))
        }
    }

    /// Keeps a renewed certificate.
    ///
    /// - Returns: what is held now; `nil` where the answer cannot be used, which is logged.
    public func keep(_ answer: RenewedMessage) async -> PeerCredentials? {
        do {
            guard var held = try await store.load(peerID) else { return nil }
            held.identity = try Identity(
                chain: Certificate.chain(pem: answer.certificateChain), privateKey: held.identity.privateKey)
            held.authorities = try Certificate.chain(pem: answer.authority)
            try await store.save(held)
            logger.info(
                "renewed a certificate",
                metadata: [
                    LogKey.audit: "certificate-renewed", LogKey.peer: "\(name)",
                    LogKey.fingerprint: "\(Hex.encode(held.identity.leaf.fingerprint))",
                ])
            return held
        } catch {
            logger.error(
                "cannot keep a renewed certificate", metadata: [LogKey.peer: "\(name)", LogKey.error: "\(error)"])
            return nil
        }
    }
}
