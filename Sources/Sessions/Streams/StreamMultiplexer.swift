import DequeModule
public import JSONTree
public import Wire

/// The streams of one connection: who may send how much on which, and whose turn it is.
///
/// Each direction of a stream has a window: the receiver grants bytes, the sender uses them up, and nothing is granted anew
/// before the reader has used them. So a slow reader costs one window of memory and holds up nobody else. Streams that
/// have something to send take turns, one chunk each.
///
/// | stream | event | next |
/// |---|---|---|
/// | none | open here | opening |
/// | none | stream.open, room for it | requested |
/// | none | stream.open, no room | refused, none |
/// | opening | stream.opened / stream.refused | open / none |
/// | requested | accept / refuse | open / none |
/// | requested, gone since | accept | none, which its user is told |
/// | open | data within the window, window, finish, close | open; none once both sides have closed |
/// | open | data beyond the window | violation |
/// | open | drop after finish | open until the close is sent, then none |
/// | any | close with error, cancel | none |
/// | was there once | anything late | ignored |
/// | never was | anything but stream.open | violation |
public struct StreamMultiplexer: Sendable {
    /// What goes out when there is room.
    public enum Output: Sendable, Hashable {
        case message(Message)
        case data(id: UInt32, ArraySlice<UInt8>)
    }

    public enum Action: Sendable, Hashable {
        case send(Message)
        case deliver(StreamEvent)
    }

    private let limits: SessionLimits
    private var streams: [UInt32: StreamState] = [:]
    private var turns: Deque<UInt32> = []
    private var nextID: UInt32
    private var lastPeerID: UInt32 = 0

    /// - Parameter role: the own one; the hub's streams have odd ids.
    public init(role: PeerRole, limits: SessionLimits = SessionLimits()) {
        self.limits = limits
        nextID = role == .hub ? 1 : 2
    }

    public var count: Int { streams.count }

    private func isOwn(_ id: UInt32) -> Bool { id % 2 == nextID % 2 }

    /// Whether messages about a stream that is not there may come late.
    private func mayBeLate(_ id: UInt32) -> Bool { isOwn(id) ? id < nextID : id <= lastPeerID }

    private func checkLate(_ id: UInt32) throws(PeerSessionEnd) {
        guard mayBeLate(id) else { throw .violation("stream \(id) was never opened") }
    }

    // MARK: What this side does

    /// - Parameter spare: streams that must stay free for others.
    public mutating func open(
        kind: String, parameters: JSON, leaving spare: Int = 0
    ) throws(StreamError) -> (id: UInt32, message: Message) {
        guard streams.count < limits.streams - spare else {
            throw StreamError(.tooMany, "\(streams.count) streams are open to this peer; close some first")
        }
        guard nextID < UInt32.max - 2 else { throw StreamError(.tooMany, "all stream ids of this connection are used") }
        let id = nextID
        nextID += 2
        streams[id] = StreamState(phase: .opening, sendCredit: 0, receiveCredit: limits.streamWindow)
        let message = StreamOpenMessage(id: id, kind: kind, parameters: parameters, window: limits.streamWindow)
        return (id, .streamOpen(message))
    }

    /// Takes a requested stream on. Where the peer did not wait for that, the stream's user hears so at once: nothing else
    /// would ever tell.
    public mutating func accept(_ id: UInt32) -> [Action] {
        guard let stream = streams[id] else {
            guard mayBeLate(id) else { return [] }
            return [.deliver(.failed(id: id, message: "the peer has gone before the stream was accepted"))]
        }
        guard stream.phase == .requested else { return [] }
        streams[id]?.phase = .open
        queue(id)
        return [.send(.streamOpened(StreamOpenedMessage(id: id, window: limits.streamWindow)))]
    }

    public mutating func refuse(_ id: UInt32, code: String, message: String) -> [Action] {
        guard streams[id]?.phase == .requested else { return [] }
        streams[id] = nil
        return [.send(.streamRefused(StreamRefusedMessage(id: id, code: code, message: message)))]
    }

    /// Adds bytes to send; ``nextOutput()`` hands them on.
    ///
    /// - Returns: whether the stream is there and open for writing.
    public mutating func write(_ id: UInt32, _ bytes: ArraySlice<UInt8>) -> Bool {
        guard let stream = streams[id], !stream.isFinishing, !stream.hasSentClose else { return false }
        guard !bytes.isEmpty else { return true }
        streams[id]?.pending.append(bytes)
        queue(id)
        return true
    }

    /// Closes this side's direction after the bytes written so far.
    public mutating func finish(_ id: UInt32) {
        streams[id]?.isFinishing = true
        queue(id)
    }

    /// Ends the stream both ways at once; bytes not sent yet are dropped.
    public mutating func cancel(_ id: UInt32, error: String) -> [Action] {
        guard streams.removeValue(forKey: id) != nil else { return [] }
        return [.send(.streamClose(StreamCloseMessage(id: id, error: error)))]
    }

    /// Nobody uses the stream any more: as ``cancel(_:error:)``, but after what was written and finished.
    public mutating func drop(_ id: UInt32, error: String) -> [Action] {
        guard let stream = streams[id], stream.isFinishing, !stream.hasSentClose else {
            return cancel(id, error: error)
        }
        streams[id]?.dropped = error
        return []
    }

    /// The reader has used bytes up.
    public mutating func consumed(_ id: UInt32, bytes: Int) -> [Action] {
        guard var stream = streams[id], !stream.hasReceivedClose else { return [] }
        stream.unreported += bytes
        defer { streams[id] = stream }
        // Grants go out in halves of the window, so that small reads do not make many messages.
        guard stream.unreported >= limits.leastGrant else { return [] }
        let grant = stream.unreported
        stream.unreported = 0
        stream.receiveCredit += grant
        return [.send(.streamWindow(StreamWindowMessage(id: id, bytes: grant)))]
    }

    // MARK: What the peer does

    public mutating func received(_ message: StreamOpenMessage) throws(PeerSessionEnd) -> [Action] {
        guard !isOwn(message.id), message.id > lastPeerID else {
            throw .violation("stream \(message.id) cannot be opened by the peer now")
        }
        lastPeerID = message.id
        guard streams.count < limits.streams else {
            let refusal = StreamRefusedMessage(
                id: message.id, code: "TooManyStreams", message: "\(streams.count) streams are open; close some first")
            return [.send(.streamRefused(refusal))]
        }
        streams[message.id] = StreamState(
            phase: .requested, sendCredit: message.window, receiveCredit: limits.streamWindow)
        let request = StreamRequest(id: message.id, kind: message.kind, parameters: message.parameters)
        return [.deliver(.requested(request))]
    }

    public mutating func received(_ message: StreamOpenedMessage) throws(PeerSessionEnd) -> [Action] {
        guard let stream = streams[message.id] else {
            try checkLate(message.id)
            return []
        }
        guard stream.phase == .opening else { throw .violation("stream \(message.id) is opened twice") }
        streams[message.id]?.phase = .open
        streams[message.id]?.sendCredit = message.window
        queue(message.id)
        return [.deliver(.opened(id: message.id))]
    }

    public mutating func received(_ message: StreamRefusedMessage) throws(PeerSessionEnd) -> [Action] {
        guard let stream = streams[message.id] else {
            try checkLate(message.id)
            return []
        }
        guard stream.phase == .opening else { throw .violation("stream \(message.id) is refused after it was opened") }
        streams[message.id] = nil
        return [.deliver(.refused(message))]
    }

    public mutating func received(_ message: StreamWindowMessage) throws(PeerSessionEnd) -> [Action] {
        guard let stream = streams[message.id] else {
            try checkLate(message.id)
            return []
        }
        let credit = stream.sendCredit + message.bytes
        guard stream.phase == .open, credit <= Int(Int32.max) else {
            throw .violation("a window of \(credit) bytes for stream \(message.id)")
        }
        streams[message.id]?.sendCredit = credit
        queue(message.id)
        return []
    }

    public mutating func received(_ message: StreamCloseMessage) throws(PeerSessionEnd) -> [Action] {
        guard let stream = streams[message.id] else {
            try checkLate(message.id)
            return []
        }
        if let error = message.error {
            streams[message.id] = nil
            return [.deliver(.failed(id: message.id, message: error))]
        }
        guard stream.phase == .open, !stream.hasReceivedClose else {
            throw .violation("stream \(message.id) cannot be closed now")
        }
        streams[message.id]?.hasReceivedClose = true
        removeIfOver(message.id)
        return [.deliver(.ended(id: message.id))]
    }

    public mutating func received(_ id: UInt32, _ bytes: ArraySlice<UInt8>) throws(PeerSessionEnd) -> [Action] {
        guard let stream = streams[id] else {
            try checkLate(id)
            return []
        }
        guard stream.phase == .open, !stream.hasReceivedClose else {
            throw .violation("data of stream \(id) cannot come now")
        }
        guard bytes.count <= stream.receiveCredit else {
            throw PeerSessionEnd(.limit, "data of stream \(id) is beyond its window")
        }
        streams[id]?.receiveCredit -= bytes.count
        return bytes.isEmpty ? [] : [.deliver(.data(id: id, bytes))]
    }

    // MARK: Taking turns

    private mutating func queue(_ id: UInt32) {
        guard let stream = streams[id], stream.isReady, !stream.isQueued else { return }
        streams[id]?.isQueued = true
        turns.append(id)
    }

    private mutating func removeIfOver(_ id: UInt32) {
        if let stream = streams[id], stream.hasSentClose, stream.hasReceivedClose { streams[id] = nil }
    }

    /// The next thing to send, where a stream has something.
    public mutating func nextOutput() -> Output? {
        while let id = turns.popFirst() {
            guard var stream = streams.removeValue(forKey: id) else { continue }
            stream.isQueued = false
            guard stream.isReady else {
                streams[id] = stream
                continue
            }
            if stream.hasSentClose, let error = stream.dropped {
                return .message(.streamClose(StreamCloseMessage(id: id, error: error)))
            }
            let chunk = stream.takeChunk(limit: limits.streamChunk)
            if chunk.isEmpty { stream.hasSentClose = true }
            streams[id] = stream
            queue(id)
            removeIfOver(id)
            return chunk.isEmpty ? .message(.streamClose(StreamCloseMessage(id: id))) : .data(id: id, chunk)
        }
        return nil
    }
}
