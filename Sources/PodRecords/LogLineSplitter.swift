/// Cuts what a program writes into lines of its log.
///
/// A line longer than the limit is written in parts, so that a program that never ends its line costs no memory.
public struct LogLineSplitter: Sendable {
    /// The most bytes of a line held back; as in containerd.
    public static let longestPart = 16 * 1024

    private let stream: LogLine.Stream
    private var pending: [UInt8] = []

    /// The bytes taken last that are in no line yet.
    public var pendingCount: Int { pending.count }

    public init(stream: LogLine.Stream) { self.stream = stream }

    /// Appends the lines that `bytes` completes to `log`.
    public mutating func take(_ bytes: some Collection<UInt8>, at time: WallTime, into log: inout [UInt8]) {
        let stamp = time.precise
        var rest = bytes[...]
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
            pending.append(contentsOf: rest[..<newline])
            flushLongParts(stamp, into: &log)
            LogLine.encode(pending, time: stamp, stream: stream, isPartial: false, into: &log)
            pending.removeAll(keepingCapacity: true)
            rest = rest[rest.index(after: newline)...]
        }
        pending.append(contentsOf: rest)
        flushLongParts(stamp, into: &log)
    }

    /// Appends what is left when the program has closed its stream.
    public mutating func finish(at time: WallTime, into log: inout [UInt8]) {
        guard !pending.isEmpty else { return }
        LogLine.encode(pending, time: time.precise, stream: stream, isPartial: false, into: &log)
        pending.removeAll()
    }

    private mutating func flushLongParts(_ stamp: String, into log: inout [UInt8]) {
        while pending.count > Self.longestPart {
            LogLine.encode(pending.prefix(Self.longestPart), time: stamp, stream: stream, isPartial: true, into: &log)
            pending.removeFirst(Self.longestPart)
        }
    }
}
