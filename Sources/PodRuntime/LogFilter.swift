import ClusterAPI
import PodRecords

/// Turns lines of a log file into what a reader asked for.
struct LogFilter: Sendable {
    private let hasTimestamps: Bool
    private let since: WallTime?
    private let stream: LogLine.Stream?
    /// The bytes that may still be sent; `nil` without a limit.
    private var remaining: Int?
    /// Whether the next text begins a line: the parts of a long line share one time.
    private var isAtStart = true

    /// - Parameters:
    ///   - stream: the only stream to show; `nil` for both.
    ///   - now: what `sinceSeconds` counts back from.
    init(_ options: LogOptions, stream: LogLine.Stream? = nil, now: WallTime) {
        self.stream = stream
        hasTimestamps = options.timestamps
        if let time = options.sinceTime.flatMap({ WallTime($0) }) {
            since = time
        } else {
            since = options.sinceSeconds.map { WallTime(nanoseconds: now.nanoseconds - $0 * 1_000_000_000) }
        }
        remaining = options.limitBytes.map { max(0, $0) }
    }

    /// Whether nothing more may be sent.
    var isFull: Bool { remaining == 0 }

    /// Appends what the line gives.
    mutating func take(_ line: some Collection<UInt8>, into bytes: inout [UInt8]) {
        guard !isFull, let line = LogLine(parsing: line) else { return }
        if let since, line.time < since { return }
        if let stream, line.stream != stream { return }
        let start = bytes.count
        if hasTimestamps, isAtStart {
            bytes.append(contentsOf: line.time.precise.utf8)
            bytes.append(UInt8(ascii: " "))
        }
        bytes.append(contentsOf: line.text)
        if !line.isPartial { bytes.append(UInt8(ascii: "\n")) }
        isAtStart = !line.isPartial
        guard let limit = remaining else { return }
        let excess = bytes.count - start - limit
        if excess > 0 { bytes.removeLast(excess) }
        remaining = max(0, -excess)
    }
}
