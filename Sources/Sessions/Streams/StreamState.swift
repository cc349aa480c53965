import DequeModule

/// One stream of a connection, as one side sees it.
struct StreamState: Sendable {
    enum Phase: Sendable {
        /// This side asked.
        case opening
        /// The peer asked.
        case requested
        case open
    }

    var phase: Phase
    /// Bytes that the peer is ready to receive.
    var sendCredit: Int
    /// Bytes that the peer may still send.
    var receiveCredit: Int
    /// Bytes used up and not granted anew yet.
    var unreported = 0
    /// Bytes to send, in pieces as they were written.
    var pending: Deque<ArraySlice<UInt8>> = []
    /// Close after the pending bytes.
    var isFinishing = false
    var hasSentClose = false
    /// With which error to end it after the close, as nobody reads what comes; `nil` while somebody does.
    var dropped: String?
    var hasReceivedClose = false
    /// Whether it waits for its turn to send.
    var isQueued = false

    /// Whether it has something to send now.
    var isReady: Bool {
        guard phase == .open else { return false }
        if hasSentClose { return dropped != nil }
        return pending.isEmpty ? isFinishing : sendCredit > 0
    }

    /// Takes the next bytes to send, at most `limit`, within the credit.
    mutating func takeChunk(limit: Int) -> ArraySlice<UInt8> {
        let most = min(limit, sendCredit)
        guard var piece = pending.popFirst(), most > 0 else { return [] }
        let chunk = piece.prefix(most)
        piece = piece.dropFirst(chunk.count)
        if !piece.isEmpty { pending.prepend(piece) }
        sendCredit -= chunk.count
        return chunk
    }
}
