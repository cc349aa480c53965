/// One direction of a connection: what is on its way, in order.
struct Lane {
    private struct Segment {
        let at: Duration
        let piece: SessionEnd.Piece
        let bytes: Int
    }

    private var segments: [Segment] = []
    /// Until when the line is taken by what was said.
    private var isTakenUntil = Duration.zero
    /// Bytes that have not arrived: the system at the sender's end keeps them.
    private(set) var bytes = 0

    mutating func send(_ piece: SessionEnd.Piece, _ now: Duration, _ line: Line, _ chance: Chance) {
        let count = line.segments(piece.bytes)
        for number in 1...count {
            let isLast = number == count
            let size = isLast ? piece.bytes - (count - 1) * Line.segment : Line.segment
            isTakenUntil = max(now, isTakenUntil) + line.duration(size)
            let at = max(isTakenUntil + line.passage(chance), segments.last?.at ?? .zero)
            segments.append(Segment(at: at, piece: isLast ? piece : .part, bytes: size))
            bytes += size
        }
    }

    /// When the next segment arrives; `nil` where nothing is on the way.
    var nextArrival: Duration? { segments.first?.at }

    mutating func next() -> SessionEnd.Piece? {
        guard !segments.isEmpty else { return nil }
        let segment = segments.removeFirst()
        bytes -= segment.bytes
        return segment.piece
    }
}
