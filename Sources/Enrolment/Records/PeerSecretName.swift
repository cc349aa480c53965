import Digests
import OffloadingModel

/// How Secrets are named after peers.
enum PeerSecretName {
    /// The peer's id, or something as good as it where it cannot be a part of an object's name.
    ///
    /// - Throws: `PeeringStoreError` for a text that is no id at all: it comes from objects that users write.
    static func part(_ clusterID: String) throws(PeeringStoreError) -> String {
        guard ClusterIdentity.isID(clusterID) else {
            throw PeeringStoreError("\"\(clusterID.prefix(64))\" is no cluster id: letters, digits and '-' only")
        }
        let isPlain = !clusterID.utf8.contains { (65...90).contains($0) }
        return isPlain ? clusterID : "hash-\(Hex.encode(SHA256.hash(Array(clusterID.utf8))).prefix(40))"
    }
}
