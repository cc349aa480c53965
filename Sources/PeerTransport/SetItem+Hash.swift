import Digests
public import Wire

extension SetItem {
    /// An item with the hash of its content: SHA-256 of the canonical JSON.
    public init(key: ItemKey, content: Content) {
        self.init(key: key, hash: Hex.encode(SHA256.hash(content.canonicalBytes)), content: content)
    }
}
