import Digests
public import Wire

extension SetItem {
    /// An item with the hash of its content: of the canonical JSON the first 128 bits of SHA-256.
    public init(key: ItemKey, content: Content) {
        // It is told for each item on the wire, where nothing is as dear as what looks random.
        self.init(key: key, hash: Hex.encode(SHA256.hash(content.canonicalBytes).prefix(16)), content: content)
    }
}
