import Wire

/// Whether two hellos make a conversation.
enum HelloNegotiation {
    /// - Throws: what to tell the peer.
    static func agree(
        _ configuration: PeerSessionConfiguration, _ peer: HelloMessage
    ) throws(Refusal) -> PeerEstablished {
        let local = configuration.local
        guard peer.clusterID == configuration.peerClusterID else {
            throw Refusal(.identity, "the hello says cluster \(peer.clusterID), the certificate another")
        }
        guard peer.clusterID != local.clusterID else {
            throw Refusal(.identity, "a cluster cannot peer with itself")
        }
        guard peer.role == local.role.opposite else {
            throw Refusal(.identity, "both sides are \(local.role.rawValue)s; a peering has one hub and one agent")
        }
        let version = min(local.versions.upperBound, peer.versions.upperBound)
        guard version >= max(local.versions.lowerBound, peer.versions.lowerBound) else {
            let older = peer.versions.upperBound < local.versions.lowerBound ? peer : local
            throw Refusal(
                .version,
                "\(local.clusterName) speaks protocol versions \(Self.text(local.versions)), \(peer.clusterName) "
                    + "\(Self.text(peer.versions)); upgrade the \(older.role.rawValue) of \(older.clusterName)")
        }
        let (hub, agent) = local.role == .hub ? (local, peer) : (peer, local)
        guard hub.epoch >= agent.epoch else {
            throw Refusal(
                .staleEpoch,
                "the hub of \(hub.clusterName) is at epoch \(hub.epoch) of the peering, the agent of \(agent.clusterName) "
                    + "at \(agent.epoch): the hub runs twice or was restored from an old backup; peer again")
        }
        return PeerEstablished(
            peer: peer, version: version, epoch: hub.epoch, isNewEpoch: hub.epoch > agent.epoch)
    }

    private static func text(_ versions: ClosedRange<Int>) -> String {
        versions.count == 1 ? "\(versions.lowerBound)" : "\(versions.lowerBound) to \(versions.upperBound)"
    }

    /// A refusal, with the words that the peer gets too.
    struct Refusal: Error {
        let error: ErrorMessage

        init(_ code: ErrorMessage.Code, _ message: String) {
            error = ErrorMessage(code: code, message: message)
        }
    }
}
