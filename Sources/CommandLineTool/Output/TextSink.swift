import Glibc

/// Where text goes.
protocol TextSink: Sendable {
    /// Whether it is a terminal, where lines may be replaced and coloured.
    var isTerminal: Bool { get }
    func write(_ text: String)
}

/// A file descriptor of the process.
struct FileSink: TextSink {
    private let descriptor: Int32
    let isTerminal: Bool

    init(descriptor: Int32) {
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
    }

    /// Writes all of it; a reader that went away is nobody's fault.
    func write(_ text: String) {
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let written = bytes[start...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return }
            start += written
        }
    }
}
