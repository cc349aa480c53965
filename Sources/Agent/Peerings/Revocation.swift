import ClusterAPI
import Enrolment
import JSONTree
import KubernetesModel
import Logging
import OffloadingModel
import Wire

/// Revokes the certificates of a hub, as the annotation of its ForeignCluster asks, and leaves the peering as it is: its pods
/// run on, and it may enrol anew.
struct Revocation: Sendable {
    let context: AgentContext

    func run(_ hub: HubPeering, _ foreign: ForeignCluster) async throws -> Requeue {
        if hub.isDialled {
            await context.events.record(
                .warning, foreign.object, reason: "NotTheIssuer",
                "the certificates of this peering are issued by \(hub.clusterName): revoke them there, or turn the incoming "
                    + "peering off")
        } else {
            try await revoke(hub)
        }
        _ = try await context.cluster.merge(.foreignClusters, name: foreign.name, foreign.revoked(.incoming))
        return .none
    }

    private func revoke(_ hub: HubPeering) async throws {
        // Before it hears that it is out: only a new token shall bring it back.
        try await context.tokens.shutOut(hub.clusterID, name: hub.clusterName)
        for certificate in try await context.book.revoke(hub.clusterID) {
            context.logger.notice(
                "a certificate was revoked",
                metadata: [
                    LogKey.audit: "revoked", LogKey.hubID: "\(hub.clusterID)", LogKey.hub: "\(hub.clusterName)",
                    LogKey.fingerprint: "\(certificate.fingerprint)",
                ])
        }
        await hub.detachAny()?.close(
            .revoked,
            message: "\(context.configuration.clusterName) has revoked the certificate of \(hub.clusterName)",
            epoch: nil)
    }
}
