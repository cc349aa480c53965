/// What somebody wants of a pod through a peering: a log, a program, a forwarded port. How it goes is settled beforehand.
struct Visit: Sendable {
    /// How an end's user takes what comes.
    enum Pace: Sendable {
        case eager
        /// A little, a few times a second.
        case slow
        /// Not before everybody is hurried.
        case never
    }

    let edge: String
    let kind: String
    /// How much the visitor, at the hub, sends.
    var toEdge = 0
    /// How much the edge's end sends.
    var toHub = 0
    /// The edge's end sends back what it is sent, and nothing else.
    var isEchoed = false
    /// After how many bytes that were read the visitor goes; `nil` for the end.
    var leavesAfter: Int?
    /// Whether the visitor may go before the edge has answered.
    var isImpatient = false
    /// Whether there is no such pod at the edge.
    var isRefused = false
    var paceAtHub = Pace.eager
    var paceAtEdge = Pace.eager

    /// Whether it ends by the visitor's leaving only.
    var isEndless: Bool { toHub == .max }

    /// The byte at a place of what one end sends: no two visits, ends or places look alike.
    static func byte(_ visit: Int, fromHub: Bool, at place: Int) -> UInt8 {
        UInt8(truncatingIfNeeded: place &* 31 &+ place >> 8 &+ visit &* 7 &+ (fromHub ? 101 : 0))
    }
}

/// How a visit went for one of its ends.
enum VisitEnding: Sendable, Hashable {
    /// Both directions have ended, and all that came was read.
    case well(read: Int, written: Int)
    /// Its user broke it off, or did not wait.
    case left
    case failed(String)
}
