/// What an edge's line does to the bytes of its connections, which are streams: nothing is lost for good, nothing overtakes.
struct Line {
    /// The most that something takes, half of it at least. What takes a few milliseconds always takes one.
    var delay = Duration.milliseconds(2)
    /// How likely a segment is lost. It is sent again, and all that was sent after it waits for it.
    var loss = 0.0
    /// How many bytes fit through in a second, each way; `nil` for any number.
    var bytesPerSecond: Int?

    /// Bytes of a segment, and those of its headers: of TCP/IP, TLS and the frame.
    static let segment = 1400
    static let headers = 67
    /// After how long TCP sends something again, at least; it doubles each time.
    static let leastWait = Duration.milliseconds(200)

    /// Whether all that is said together arrives together.
    private var isPlain: Bool { loss == 0 && bytesPerSecond == nil }

    /// How many segments so many bytes are.
    func segments(_ bytes: Int) -> Int { isPlain ? 1 : max(1, (bytes + Self.segment - 1) / Self.segment) }

    /// How long a segment is between the line's ends, once it has left.
    func passage(_ chance: Chance) -> Duration {
        var time = delay > .milliseconds(2) ? delay * (0.5 + 0.5 * chance.fraction()) : .milliseconds(1)
        var wait = max(Self.leastWait, delay * 2)
        while loss > 0, chance.happens(loss) {
            time += wait
            wait *= 2
        }
        return time
    }

    /// How long the line is taken by a segment of so many bytes.
    func duration(_ bytes: Int) -> Duration {
        bytesPerSecond.map { .seconds(Double(bytes + Self.headers) / Double($0)) } ?? .zero
    }
}
