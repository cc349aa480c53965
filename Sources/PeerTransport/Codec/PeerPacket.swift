package import Wire

/// What one frame carries, read.
package enum PeerPacket: Sendable {
    case message(Message)
    case data(stream: UInt32, ArraySlice<UInt8>)
}

/// The inbound event of bytes that end no frame yet: a sign of life of a slow peer.
struct PeerBytesHeard: Sendable {}
