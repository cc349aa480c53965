/// How much one peer may make this side keep.
public struct SessionLimits: Sendable, Hashable {
    /// Streams at the same time, of both sides together.
    public var streams: Int
    /// Bytes of one stream that are kept for a reader who does not read.
    public var streamWindow: Int
    /// So many bytes of a stream that were read are granted anew at once: fewer would make many messages.
    public var leastGrant: Int { max(1, streamWindow / 2) }
    /// The most bytes of one stream frame, so that no stream holds up the others.
    public var streamChunk: Int
    /// Changes sent and not acknowledged yet.
    public var unacknowledged: Int
    /// Items of one message of changes.
    public var batchItems: Int
    /// Bytes of one message of changes, about; a larger item goes alone.
    public var batchBytes: Int
    /// Items of a set.
    public var items: Int
    /// How long changes of a set gather after a message of changes: a lone one goes at once, a burst in few messages.
    public var gathering: Duration
    /// So many changes wait for nothing.
    public var gatheredItems: Int

    /// - Parameters:
    ///   - streams: 256 unless told; with their windows 128 MiB, where a peer fills them all and nobody reads.
    ///   - streamWindow: 512 KiB unless told: 20 to 40 Mbit/s at 100 ms.
    ///   - streamChunk: 32 KiB unless told.
    ///   - unacknowledged: 16 unless told; with the batches 4 MiB for a slow peer.
    ///   - batchItems: 256 unless told.
    ///   - batchBytes: 256 KiB unless told.
    ///   - items: 100,000 unless told.
    ///   - gathering: 25 ms unless told: less than anybody notices, and as long as many pods take to start.
    ///   - gatheredItems: 64 unless told; more in one message save little.
    public init(
        streams: Int = 256, streamWindow: Int = 512 << 10, streamChunk: Int = 32 << 10, unacknowledged: Int = 16,
        batchItems: Int = 256, batchBytes: Int = 256 << 10, items: Int = 100_000,
        gathering: Duration = .milliseconds(25), gatheredItems: Int = 64
    ) {
        self.streams = streams
        self.streamWindow = streamWindow
        self.streamChunk = streamChunk
        self.unacknowledged = unacknowledged
        self.batchItems = batchItems
        self.batchBytes = batchBytes
        self.items = items
        self.gathering = gathering
        self.gatheredItems = gatheredItems
    }
}
