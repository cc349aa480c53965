public import ClusterAPI
import Digests
import JSONTree
import KubernetesModel
public import Logging
import OffloadingModel
import Sessions
public import Wire

/// Redeems tokens: each once. Their records are Secrets, so that a used mark survives a restart.
public struct TokenDesk: Sendable {
    /// How often a record may change under us before we give up: as often as there are redeemers at once, and some.
    private static let attempts = 16
    /// How often a minute one token may be asked for in vain, by whomever: more than one address may ask, so that nobody who has
    /// learnt the id, which is no secret, can keep its bearer waiting alone.
    private static let refusalsOfOne = 30

    private let cluster: any ClusterAPI
    private let role: PeerRole
    private let logger: Logger
    private let now: @Sendable () -> Int
    /// By id, of tokens that there are: what is guessed at random needs no room.
    private let guesses = TokenGuesses<String>(free: refusalsOfOne)

    /// - Parameters:
    ///   - role: of this daemon: a token that was made for the cluster's other one is refused.
    ///   - now: seconds since 1970.
    public init(cluster: any ClusterAPI, role: PeerRole, logger: Logger, now: @escaping @Sendable () -> Int) {
        self.cluster = cluster
        self.role = role
        self.logger = logger
        self.now = now
    }

    /// A token was good, and is used up now.
    enum Outcome: Sendable, Hashable {
        case redeemed
        /// Unknown, expired, used, wrong or bound to another name: the asker is not told which.
        case refused
    }

    /// Uses a token up. The mark is stored when this returns.
    ///
    /// - Parameters:
    ///   - refused: told why a token was refused, for the log; the peer must not hear it.
    ///   - check: called when the token is good, before it is used up; throws to leave it unused.
    /// - Throws: what `check` throws, and what the cluster throws.
    func redeem(
        id: String, secret: [UInt8], clusterName: String, clusterID: String, keyHash: [UInt8],
        refused: (String) -> Void = { _ in }, check: () async throws -> Void
    ) async throws -> Outcome {
        let presented = TokenVerification.Presented(
            secretHash: SHA256.hash(secret), clusterName: clusterName, clusterID: clusterID, keyHash: keyHash,
            issuer: role)
        // An id that is none is looked up as well, under a name that nothing has: refusals take the same time.
        let name = Names.tokenRecord(PeerToken.isID(id) ? id : "0")
        for _ in 0..<Self.attempts {
            let object = try await cluster.find(.secrets, namespace: Names.systemNamespace, name: name)
            let record = object.flatMap(record)
            let verdict = TokenVerification.verify(
                record?.id == id ? record : nil, presented: presented, now: now(), equals: constantTimeEquals)
            switch verdict {
            case .refused:
                if record?.id == id { guesses.note(id, now: .now) }
                refused(
                    TokenVerification.reason(
                        record?.id == id ? record : nil, presented: presented, now: now(), equals: constantTimeEquals))
                return .refused
            case .repeated:
                try await check()
                return .redeemed
            case .accepted(let used):
                // After the same work as for any other, and with the same answer: nobody learns that there is such a token.
                guard guesses.wait(for: id, now: .now) == nil else {
                    refused("it was asked for in vain too often within a minute; it is good again after that")
                    return .refused
                }
                try await check()
                guard var object else { return .refused }
                object.json["data"] = used.secretData
                do {
                    // With the version that was read: whoever else redeems it now is told of a conflict.
                    _ = try await cluster.update(.secrets, object)
                    return .redeemed
                } catch let error as APIError where error.isConflict || error.isNotFound {
                    continue
                }
            }
        }
        return .refused
    }

    /// Sees to it that a peer which is shut out, by the end of its peering or a revocation, comes back by a new token only: those
    /// that were made for it are deleted, and by the others it cannot come. Durable on return.
    ///
    /// - Parameter end: tokens that were made later stay good for it, in seconds since 1970; `nil` for none.
    public func shutOut(_ clusterID: String, name: String, madeUntil end: Int? = nil) async throws {
        let list = try await cluster.list(
            .secrets, namespace: Names.systemNamespace, ListOptions(labelSelector: Names.tokenLabel))
        for object in list.items {
            if let end, let made = Timestamp.seconds(object.creationTimestamp), made > end { continue }
            try await shutOut(clusterID, name: name, of: object)
        }
    }

    private func shutOut(_ clusterID: String, name: String, of listed: KubernetesObject) async throws {
        var known: KubernetesObject? = listed
        for _ in 0..<Self.attempts {
            guard var object = known, let record = record(object), record.issuer == nil || record.issuer == role else {
                return
            }
            do {
                if let kept = record.excluding(clusterID, name: name) {
                    guard kept != record else { return }
                    object.json["data"] = kept.secretData
                    _ = try await cluster.update(.secrets, object)
                } else {
                    try await cluster.delete(
                        .secrets, namespace: object.namespace, name: object.name,
                        DeleteOptions(uid: object.uid, resourceVersion: object.resourceVersion))
                    logger.info(
                        "a token is worthless: whom it was made for was shut out",
                        metadata: [
                            LogKey.audit: "token-void", LogKey.token: "\(record.id)", LogKey.peer: "\(name)",
                            LogKey.peerID: "\(clusterID)",
                        ])
                }
                return
            } catch let error as APIError where error.isNotFound {
                return
            } catch let error as APIError where error.isConflict {
                // Somebody uses it, or shuts another one out, at this moment.
                known = try await cluster.find(.secrets, namespace: listed.namespace, name: listed.name)
            }
        }
        throw TokenIsBusy(name: listed.name)
    }

    /// A token's Secret changes all the time.
    private struct TokenIsBusy: Error, CustomStringConvertible {
        let name: String
        var description: String { "the Secret \(name) is changed by somebody again and again" }
    }

    /// Deletes the tokens that nobody can use any more.
    public func sweep() async throws {
        let list = try await cluster.list(
            .secrets, namespace: Names.systemNamespace, ListOptions(labelSelector: Names.tokenLabel))
        for object in list.items {
            guard let record = record(object), record.isOver(now: now()) else { continue }
            try await cluster.deleteIfPresent(
                .secrets, namespace: object.namespace, name: object.name,
                DeleteOptions(uid: object.uid, resourceVersion: object.resourceVersion))
            logger.info(
                "a token is over", metadata: [LogKey.audit: "token-over", LogKey.token: "\(record.id)"])
        }
    }

    /// Deletes such tokens again and again, and takes note of new ones, until the task is cancelled.
    public func run(every interval: Duration) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await watch() }
            await sweep(every: interval)
        }
    }

    /// Notes the tokens that are made, by whomever: after a restart those that are still good once more.
    private func watch() async {
        let secrets = Informer(
            cluster, .secrets, namespace: Names.systemNamespace, labelSelector: Names.tokenLabel, logger: logger)
        secrets.onChange { change in
            guard change.old == nil, let record = change.new.flatMap(record), record.use == nil,
                record.issuer == nil || record.issuer == role
            else { return }
            logger.info(
                "a token was made",
                metadata: [
                    LogKey.audit: "token-made", LogKey.token: "\(record.id)",
                    LogKey.peer: "\(record.boundName ?? "any")",
                    LogKey.expiry: "\(Timestamp.text(record.expiry))",
                ])
        }
        await secrets.run()
    }

    private func sweep(every interval: Duration) async {
        while !Task.isCancelled {
            do {
                try await sweep()
            } catch is CancellationError {
                return
            } catch {
                logger.debug("tokens were not swept", metadata: [LogKey.error: "\(error)"])
            }
            try? await Task.sleep(for: interval)
        }
    }

    private func record(_ object: KubernetesObject) -> TokenRecord? {
        guard object.label(Names.tokenLabel) != nil else { return nil }
        do {
            return try TokenRecord(secretData: object.json["data"])
        } catch {
            logger.warning(
                "a token's record cannot be read", metadata: [LogKey.key: "\(object.key)", LogKey.error: "\(error)"])
            return nil
        }
    }
}
