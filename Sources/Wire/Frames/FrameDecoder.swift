/// Cuts a stream of bytes into frames, whatever pieces the bytes come in.
///
/// Memory grows with the bytes that have come, never with a length that a peer announced. After an error the decoder
/// stays failed: the position in the stream is lost.
///
/// | state | input | next |
/// |---|---|---|
/// | header | fewer than 5 bytes in all | header |
/// | header | 5th byte, length and kind sound | payload, or a frame and header when there is none |
/// | header | length 0, over the limit, unknown kind | failed |
/// | payload | bytes, not all yet | payload |
/// | payload | last byte | a frame, header |
/// | failed | anything | failed |
public struct FrameDecoder: Sendable {
    private enum State: Sendable {
        case header(length: UInt32, count: Int)
        case payload(FrameKind, [UInt8], missing: Int)
        case failed(FrameError)
    }

    /// Taken into account from the next frame on.
    public var limits: FrameLimits
    private var state = State.header(length: 0, count: 0)

    public init(limits: FrameLimits = .standard) { self.limits = limits }

    /// Whether a frame has begun and not ended.
    public var isWithinFrame: Bool {
        switch state {
        case .header(_, let count): count > 0
        case .payload: true
        case .failed: false
        }
    }

    /// The bytes that the frame announces which has begun; 0 outside of one, and while its length is not known.
    public var announcedLength: Int {
        switch state {
        case .payload(_, let payload, let missing): payload.count + missing
        case .header, .failed: 0
        }
    }

    /// Takes the next bytes and appends the frames that they complete.
    ///
    /// - Throws: the first error; frames before it have been appended.
    public mutating func decode(_ bytes: some Collection<UInt8>, into frames: inout [Frame]) throws(FrameError) {
        let result: Result<Void, FrameError>? = bytes.withContiguousStorageIfAvailable { buffer in
            Result { () throws(FrameError) in try decode(buffer, into: &frames) }
        }
        if let result { return try result.get() }
        let copy = Array(bytes)
        try copy.withUnsafeBufferPointer { buffer in
            Result { () throws(FrameError) in try decode(buffer, into: &frames) }
        }.get()
    }

    private mutating func decode(
        _ buffer: UnsafeBufferPointer<UInt8>, into frames: inout [Frame]
    ) throws(FrameError) {
        var rest = buffer[...]
        while !rest.isEmpty {
            switch state {
            case .failed(let error):
                throw error
            case .header(let length, let count):
                let byte = rest.removeFirst()
                guard count == 4 else {
                    state = .header(length: length << 8 | UInt32(byte), count: count + 1)
                    if count == 3 { try checkLength() }
                    continue
                }
                guard let kind = FrameKind(rawValue: byte) else {
                    throw fail(FrameError(.unknownKind, "frame kind \(byte) is not one of 0, 1 and 2"))
                }
                if length == 1 {
                    frames.append(Frame(kind, []))
                    state = .header(length: 0, count: 0)
                } else {
                    state = .payload(kind, [], missing: Int(length) - 1)
                }
            case .payload(let kind, var payload, let missing):
                // The array has one owner while it grows.
                state = .header(length: 0, count: 0)
                let piece = rest.prefix(missing)
                rest = rest.dropFirst(piece.count)
                if payload.isEmpty { payload.reserveCapacity(min(missing, max(piece.count, 65_536))) }
                payload.append(contentsOf: piece)
                if piece.count == missing {
                    frames.append(Frame(kind, payload))
                } else {
                    state = .payload(kind, payload, missing: missing - piece.count)
                }
            }
        }
    }

    /// Refuses a length as soon as its last byte is there.
    private mutating func checkLength() throws(FrameError) {
        guard case .header(let length, 4) = state else { return }
        if length == 0 { throw fail(FrameError(.malformed, "a frame of length 0 has no kind")) }
        if Int(length) > limits.frameLength { throw fail(.tooLong(Int(length), limit: limits.frameLength)) }
    }

    private mutating func fail(_ error: FrameError) -> FrameError {
        state = .failed(error)
        return error
    }
}
