import ClusterAPI
import Digests
import KubernetesModel
import Logging
import OffloadingModel
import PeerTransport
import TLSTransport
import Wire

/// An agent that has come with the identity of an edge which was connected, or answers at its address beside the edge's own, and
/// is refused: most often a machine was cloned with the agent's state folder.
struct DuplicateAgent: Sendable, Hashable {
    /// Where it came from; empty where that is not known.
    let address: String
    let seenAt: ContinuousClock.Instant

    /// What the edge's ForeignCluster says of it. The edge itself is unharmed.
    func condition(of edge: String) -> PeeringCondition {
        PeeringCondition(.established, Self.reason, Self.message(edge, address))
    }

    static let reason = "DuplicateIdentity"

    static func message(_ edge: String, _ address: String) -> String {
        let from = address.isEmpty ? "" : " from \(address)"
        return
            "another agent with the identity of \(edge) came\(from) and is refused; if a machine was cloned, stop the "
            + "agent on the clone, remove its state folder, and have it join with a token of its own"
    }
}

extension EdgeLinks {
    /// The refusal of a connection that claims an identity whose agent is connected and answers; `nil` where there is none
    /// such: an older connection that is dead only gives way.
    func duplicateRefusal(of caller: PeerCaller) async -> ErrorMessage? {
        guard let cluster = joinedCluster(caller.clusterID), let known = current(cluster.name),
            await known.answers(within: context.configuration.duplicateCheck)
        else { return nil }
        return await refuseDuplicate(of: cluster, from: caller.address, showing: caller.identity)
    }

    /// Notes that somebody came with the identity of an edge that is connected.
    ///
    /// - Returns: what it is told.
    func refuseDuplicate(
        of cluster: ForeignCluster, from address: String, showing identity: PeerIdentity?
    ) async -> ErrorMessage {
        context.logger.warning(
            "an agent has the identity of another one, and is refused",
            metadata: [
                "audit": "duplicate-refused", "edge": "\(cluster.name)", "edge.id": "\(cluster.clusterID)",
                "address": "\(address)",
                "fingerprint": "\(identity.map { Hex.encode($0.leaf.fingerprint) } ?? "")",
            ])
        let isNew = context.edges[cluster.name]?.duplicate == nil
        context.edges.update(cluster.name, .measured) { $0.duplicate = DuplicateAgent(address: address, seenAt: .now) }
        if isNew {
            await context.events.record(
                .warning, cluster.object, reason: DuplicateAgent.reason,
                DuplicateAgent.message(cluster.clusterName, address))
        }
        return ErrorMessage(
            code: .duplicate,
            message:
                "another agent with the identity of \(cluster.clusterName) is connected to \(context.configuration.clusterName) "
                + "and answers; if this machine is a clone of that one, remove this agent's state folder and join with a new token"
        )
    }
}
