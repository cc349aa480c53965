import JSONTree
import Sessions
import Wire

/// The streams that one end of a connection knows, by their ids: as `PeerSessionHandler` keeps them.
struct StreamTable {
    private let book: VisitBook
    private let isAtHub: Bool
    private let limits: SessionLimits
    private var ends: [UInt32: StreamEnd] = [:]
    private var requests: [UInt32: (number: Int, answeredAt: Duration)] = [:]

    init(_ book: VisitBook, isAtHub: Bool, limits: SessionLimits) {
        self.book = book
        self.isAtHub = isAtHub
        self.limits = limits
    }

    /// Those that somebody uses, or is still to answer.
    var count: Int { ends.count + requests.count }

    /// What users may do now, in an order that is the same in every process.
    func duties(_ now: Duration) -> [StreamDuty] {
        guard count > 0 else { return [] }
        let isHurried = book.isHurried
        return requests.filter { $0.value.answeredAt <= now }.keys.sorted().map { .answer($0) }
            + ends.keys.sorted().compactMap { ends[$0]?.duty($0, now, isHurried: isHurried) }
    }

    // MARK: - What users do

    mutating func open(_ id: UInt32, _ number: Int, _ visit: Visit) {
        ends[id] = StreamEnd(number, visit, isAtHub: isAtHub)
    }

    /// There is no stream for a visit.
    func refused(_ number: Int, _ error: StreamError) { book.ended(number, atHub: isAtHub, .failed(error.message)) }

    /// Does what a user is to do.
    mutating func perform(
        _ duty: StreamDuty, _ session: inout PeerSession, _ now: Duration, _ chance: Chance
    ) -> [PeerSession.Action] {
        switch duty {
        case .answer(let id):
            return answer(id, &session)
        case .read(let id):
            let count = ends[id]?.takeUnread(now, isHurried: book.isHurried) ?? 0
            settle(id)
            return session.consumedStream(id, bytes: count)
        case .write(let id):
            let bytes = ends[id]?.takeToWrite(most: 1 + chance.below(StreamEnd.mostUnsent)) ?? []
            if !session.writeStream(id, bytes[...]) { end(id, .failed("the stream is closed")) }
            return []
        case .finish(let id):
            ends[id]?.finish()
            session.finishStream(id)
            settle(id)
            return []
        case .leave(let id):
            end(id, .left)
            let why = "the visitor has gone"
            return chance.happens(0.5) ? session.dropStream(id, error: why) : session.cancelStream(id, error: why)
        }
    }

    private mutating func answer(_ id: UInt32, _ session: inout PeerSession) -> [PeerSession.Action] {
        guard let number = requests.removeValue(forKey: id)?.number, let visit = book[number]?.visit else { return [] }
        guard !visit.isRefused else {
            book.ended(number, atHub: isAtHub, .failed("refused"))
            return session.refuseStream(id, code: "NotFound", message: "no such pod")
        }
        ends[id] = StreamEnd(number, visit, isAtHub: isAtHub)
        return session.acceptStream(id)
    }

    private mutating func end(_ id: UInt32, _ ending: VisitEnding) {
        guard let end = ends.removeValue(forKey: id) else { return }
        book.ended(end.number, atHub: isAtHub, ending)
    }

    private mutating func settle(_ id: UInt32) {
        guard let found = ends[id], found.isOver else { return }
        end(id, .well(read: found.read, written: found.written))
    }

    // MARK: - What the session tells

    mutating func take(_ event: StreamEvent, _ now: Duration) {
        switch event {
        case .requested(let request):
            guard let number = request.parameters["visit"]?.int else { return }
            // To find the pod takes a while.
            requests[request.id] = (number, now + .milliseconds(number * 37 % 150))
            book.knownAtEdge(number)
        case .opened(let id):
            ends[id]?.isOpen = true
        case .refused(let refusal):
            end(refusal.id, .failed("refused: \(refusal.code)"))
        case .data(let id, let bytes):
            guard let number = ends[id]?.number else { return }
            if ends[id]?.came(bytes) == false { book.complain(number, "other bytes came than were sent") }
            if ends[id]?.unread ?? 0 > limits.streamWindow { book.complain(number, "more came than has room") }
        case .ended(let id):
            ends[id]?.ended()
            settle(id)
        case .failed(let id, let message):
            end(id, .failed(message))
        }
    }

    /// So much of a stream is on its way.
    mutating func sent(_ id: UInt32, _ count: Int) { ends[id]?.sent(count) }

    /// The connection is over.
    mutating func close(_ why: PeerSessionEnd) {
        for id in ends.keys.sorted() { end(id, .failed("the connection to the peer is gone: \(why.message)")) }
        for (number, _) in requests.values {
            book.ended(number, atHub: isAtHub, .failed("the connection to the peer is gone"))
        }
        requests = [:]
    }
}
