/// What a frame carries: the byte after its length.
public enum FrameKind: UInt8, Sendable, Hashable, CaseIterable {
    /// One JSON message.
    case message = 0
    /// One JSON message as the next piece of the direction's zlib stream, ended by a `Z_SYNC_FLUSH`.
    case deflatedMessage = 1
    /// Bytes of a stream: a 4-byte big-endian stream id, then the bytes.
    case streamData = 2
}
