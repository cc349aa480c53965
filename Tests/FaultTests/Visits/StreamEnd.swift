import Sessions

/// Something that the user of one end of a stream may do now.
enum StreamDuty: Hashable, CustomStringConvertible {
    /// Accept or refuse what the peer asks for.
    case answer(UInt32)
    case read(UInt32)
    case write(UInt32)
    case finish(UInt32)
    /// Stop using it.
    case leave(UInt32)

    var description: String {
        switch self {
        case .answer(let id): "answers \(id)"
        case .read(let id): "reads \(id)"
        case .write(let id): "writes \(id)"
        case .finish(let id): "finishes \(id)"
        case .leave(let id): "leaves \(id)"
        }
    }
}

/// One end of a stream, and who uses it: as `PeerStream` and its pipe, without tasks.
struct StreamEnd {
    /// A write is put off while so much was written and not sent.
    static let mostUnsent = 4 << 10
    private static let slowPause = Duration.milliseconds(250)

    let number: Int
    let visit: Visit
    let isAtHub: Bool
    var isOpen: Bool
    private(set) var came = 0
    private(set) var read = 0
    private(set) var written = 0
    private var sent = 0
    private(set) var isFinished = false
    private var isEnded = false
    private var readsAgain = Duration.zero

    init(_ number: Int, _ visit: Visit, isAtHub: Bool) {
        self.number = number
        self.visit = visit
        self.isAtHub = isAtHub
        isOpen = !isAtHub
    }

    /// Whether both directions have ended, and everything was read.
    var isOver: Bool { isFinished && isEnded && came == read }
    var unread: Int { came - read }

    /// How much there is to write by now.
    private var toWrite: Int {
        guard !isAtHub else { return visit.toEdge }
        return visit.isEchoed ? read : visit.toHub
    }

    private var hasWritten: Bool {
        written >= toWrite && !(visit.isEchoed && !isAtHub && !(isEnded && came == read))
    }

    /// What its user does next, where there is anything.
    func duty(_ id: UInt32, _ now: Duration, isHurried: Bool) -> StreamDuty? {
        guard isOpen else { return visit.isImpatient ? .leave(id) : nil }
        if isAtHub, read >= visit.leavesAfter ?? .max || (isHurried && visit.isEndless) { return .leave(id) }
        if unread > 0, reads(now, isHurried) { return .read(id) }
        if written < toWrite, written - sent < Self.mostUnsent, !isFinished { return .write(id) }
        return hasWritten && !isFinished ? .finish(id) : nil
    }

    private func reads(_ now: Duration, _ isHurried: Bool) -> Bool {
        switch isAtHub ? visit.paceAtHub : visit.paceAtEdge {
        case .eager: true
        case .slow: isHurried || now >= readsAgain
        case .never: isHurried
        }
    }

    // MARK: - What its user does

    /// - Returns: how much was read.
    mutating func takeUnread(_ now: Duration, isHurried: Bool) -> Int {
        let isSlow = (isAtHub ? visit.paceAtHub : visit.paceAtEdge) == .slow && !isHurried
        let count = isSlow ? min(unread, 256) : unread
        read += count
        readsAgain = now + Self.slowPause
        return count
    }

    /// - Returns: the next bytes, at most so many.
    mutating func takeToWrite(most: Int) -> [UInt8] {
        let count = min(most, toWrite - written)
        defer { written += count }
        return (written..<written + count).map { Visit.byte(number, fromHub: isAtHub, at: $0) }
    }

    mutating func finish() { isFinished = true }

    // MARK: - What its session tells

    mutating func sent(_ count: Int) { sent += count }
    mutating func ended() { isEnded = true }

    /// - Returns: whether these are the bytes that the other end has sent there.
    mutating func came(_ bytes: ArraySlice<UInt8>) -> Bool {
        defer { came += bytes.count }
        return !isEnded
            && bytes.enumerated().allSatisfy { place, byte in
                byte == Visit.byte(number, fromHub: !isAtHub, at: came + place)
            }
    }
}
