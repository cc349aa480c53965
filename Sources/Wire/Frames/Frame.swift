/// One frame of a connection: a 4-byte big-endian length, a 1-byte kind, and length less one bytes of payload.
public struct Frame: Sendable, Hashable {
    /// The bytes before the payload: length and kind.
    public static let headerLength = 5

    public var kind: FrameKind
    /// Without length and kind.
    public var payload: [UInt8]

    public init(_ kind: FrameKind, _ payload: [UInt8]) {
        self.kind = kind
        self.payload = payload
    }

    /// What the first field of a frame says that has `payloadLength` bytes of payload.
    ///
    /// - Throws: ``FrameError/Code/tooLong`` where the frame is over the sender's own limit.
    public static func length(
        payloadLength: Int, limits: FrameLimits = .standard
    ) throws(FrameError) -> UInt32 {
        guard payloadLength >= 0, payloadLength < limits.frameLength, let length = UInt32(exactly: payloadLength + 1)
        else { throw FrameError.tooLong(payloadLength, limit: limits.frameLength) }
        return length
    }

    /// The header of a frame with `payloadLength` bytes of payload.
    ///
    /// - Throws: as ``length(payloadLength:limits:)``.
    public static func header(
        _ kind: FrameKind, payloadLength: Int, limits: FrameLimits = .standard
    ) throws(FrameError) -> [UInt8] {
        bigEndian(try length(payloadLength: payloadLength, limits: limits)) + [kind.rawValue]
    }

    /// The whole frame as bytes.
    public func encoded(limits: FrameLimits = .standard) throws(FrameError) -> [UInt8] {
        try Self.header(kind, payloadLength: payload.count, limits: limits) + payload
    }

    /// A number as its four bytes, the most significant first.
    public static func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    /// A frame that carries bytes of a stream.
    public static func stream(_ id: UInt32, _ bytes: some Collection<UInt8>) -> Frame {
        Frame(.streamData, bigEndian(id) + bytes)
    }

    /// The stream and the bytes of a frame of the kind ``FrameKind/streamData``.
    ///
    /// - Throws: ``FrameError/Code/malformed`` where the payload is too short for a stream id.
    public func streamContent() throws(FrameError) -> (id: UInt32, bytes: ArraySlice<UInt8>) {
        guard payload.count >= 4 else {
            throw FrameError(.malformed, "a stream frame has \(payload.count) bytes where the stream id alone has 4")
        }
        let id = payload[0..<4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return (id, payload[4...])
    }
}
