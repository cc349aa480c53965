/// What a stream carried before the first client came, and how much of it was in the log when.
///
/// Clients such as `kubectl run -i` show the log before they attach: they get what the log did not have yet.
struct EarlyOutput {
    private static let mostBytes = 1 << 20
    private static let mostMarks = 1 << 12

    private var bytes: [UInt8] = []
    /// So many of the bytes are in the log's first so many, in order.
    private var marks: [(bytes: Int, log: Int)] = []

    /// - Parameters:
    ///   - pending: how many of the bytes taken so far are not in the log.
    ///   - logSize: the log's bytes now.
    mutating func take(_ more: ArraySlice<UInt8>, pending: Int, logSize: Int) {
        bytes += more
        if bytes.count >= pending, marks.last?.log != logSize { marks.append((bytes.count - pending, logSize)) }
        guard bytes.count > Self.mostBytes || marks.count > Self.mostMarks else { return }
        // The older half goes at once, so that it is not moved with each byte.
        let start = marks.count > Self.mostMarks ? marks[marks.count / 2].bytes : bytes.count / 2
        bytes.removeFirst(start)
        marks = marks.filter { $0.bytes >= start }.map { ($0.bytes - start, $0.log) }
    }

    /// What a client has not seen that has seen the log's first `logSize` bytes.
    func rest(after logSize: Int) -> ArraySlice<UInt8> {
        bytes[(marks.last { $0.log <= logSize }?.bytes ?? 0)...]
    }
}
