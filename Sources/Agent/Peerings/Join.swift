import ClusterAPI
import Enrolment
import KubernetesModel
import Logging
import OffloadingModel
import PeerTransport
import Sessions
import TLSTransport
import Wire

/// The link to one hub that this edge has joined, from behind whatever stands between them: the edge dials.
///
/// Once connected the roles are as ever: the hub wants, the edge runs and tells.
struct Join: Sendable {
    /// The ForeignCluster's name.
    let name: String
    let hubID: String
    let address: PeerAddress
    let context: AgentContext
    let keeper: CredentialKeeper
    let dialler: any PeerDialling
    let credentials: any PeerCredentialStore
    let conversation: HubConversation
    let joins: Joins

    /// Keeps the link until the task is cancelled, or the hub says that there is no peering.
    func run() async {
        let first = Once()
        await dialler.run(
            backoff: Backoff(),
            tls: {
                let held = try await obtain()
                try await remember(held)
                return try keeper.tls(held)
            },
            hello: { await hello() },
            failed: { await failed($0) },
            serve: { connection in
                joins.tell(hubID, nil)
                async let forgotten: Void = first.run { await keeper.forgetUnneededToken() }
                await conversation.serve(connection, dialledWith: keeper)
                await forgotten
                guard !Task.isCancelled else { return }
                joins.tell(hubID, PeeringCondition(.pending, "HubUnreachable", "the connection to the hub has ended"))
            })
    }

    private func obtain() async throws -> PeerCredentials {
        try await keeper.obtain(areDenied: [.denied, .error].contains(joins.problem(hubID)?.status)) { new in
            // What an older peering has left behind is the new one's: a new epoch tells what stays.
            try await context.book.change(hubID) { known, _ in
                var record =
                    known ?? PeeringRecord(clusterID: hubID, clusterName: new.clusterName, since: context.now())
                record.epoch = 0
                record.isEnding = false
                record.address = address.url
                return record
            }
            joins.tell(hubID, PeeringCondition(.pending, "Enrolled"))
        }
    }

    /// Makes sure that the peering which the credentials stand for is in the book.
    private func remember(_ held: PeerCredentials) async throws {
        let record = try await context.book.change(hubID) { known, others in
            if others.contains(where: { $0.clusterName == held.clusterName }) {
                throw CredentialProblem(
                    PeeringCondition(
                        .denied, "NameTaken",
                        "this edge is peered with another cluster of the name \(held.clusterName); unpeer that one first"
                    ))
            }
            var record = known ?? PeeringRecord(clusterID: hubID, clusterName: held.clusterName, since: context.now())
            record.address = address.url
            return record
        }
        let hub = context.hubs.hub(record)
        hub.ownCertificateNotAfter = Int(held.identity.leaf.notAfter)
    }

    private func hello() async -> HelloMessage {
        context.configuration.localPeer.hello(epoch: await context.book.record(hubID)?.epoch ?? 0)
    }

    // MARK: - Failures

    private func failed(_ error: any Error) async -> RetryDecision {
        let condition = Self.condition(error)
        let isNew = joins.tell(hubID, condition)
        context.logger.log(
            level: isNew ? .info : .debug, "a hub cannot be reached, dialling on",
            metadata: [LogKey.hub: "\(name)", LogKey.error: "\(error)"])
        // The hub keeps this edge out on purpose, and replaces its pods elsewhere.
        if condition.reason == PeeringCondition.revoked { context.hubs[hubID]?.isRevoked = true }
        if (error as? PeerDialError)?.end.error?.code == .duplicate { context.hubs[hubID]?.refusedAsDuplicate() }
        // The hub itself, known by its authority, says that there is no peering: nothing here runs for it any more.
        // A certificate that it has revoked is not that: the hub may want the edge to enrol anew.
        guard let error = error as? PeerDialError, error.end.code == .refused, error.end.error?.code == .notPeered,
            let hub = context.hubs[hubID], !hub.isEnding
        else { return .retry }
        await conversation.reconcilers.endings.begin(hub, .refusal)
        return .stop
    }

    private static func condition(_ error: any Error) -> PeeringCondition {
        switch error {
        case let error as CredentialProblem:
            return error.condition
        case let error as PeerDialError:
            return PeeringCondition(error, of: .hub)
        case let error as TLSError:
            return PeeringCondition(.error, "TLSFailed", "\(error)")
        default:
            return PeeringCondition(.pending, "NotReady", "\(error)")
        }
    }
}
