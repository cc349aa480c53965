import ClusterAPI
import Glibc
import PodHost
import PodRecords

/// Reads the log of one run of a container piece by piece, and waits for more while it is followed.
///
/// Pulled by its reader, so that a slow one costs no memory.
actor LogReader {
    private static let pieceSize = 64 << 10

    private let path: String
    private var filter: LogFilter
    private var files: [Int32]
    private var inode: UInt64 = 0
    /// The beginning of a line whose end has not been read.
    private var rest: [UInt8] = []
    /// `nil` where the log is not followed.
    private let follow: Follow?
    /// Told at the end of a log that is not followed: how much of the file was read.
    private let ended: @Sendable (Int) -> Void
    private var isOver = false

    struct Follow: Sendable {
        /// Tells that there may be more to read, or that the run may be over.
        let wakes: AsyncStream<Void>
        /// What feeds `wakes`, kept alive.
        let sources: [any Sendable]
        /// Whether the run has ended, so that nothing more will come.
        let hasEnded: @Sendable () async -> Bool
    }

    /// - Parameters:
    ///   - path: `N.log`; its predecessor `N.log.1` is read first where it exists.
    ///   - follow: `nil` to end at the end of the file.
    ///   - offset: where in `N.log` to begin, where it has no predecessor.
    /// - Throws: `SystemError` where there is no such log.
    init(
        path: String, _ options: LogOptions, stream: LogLine.Stream? = nil, now: WallTime, follow: Follow?,
        offset: Int = 0,
        ended: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws(SystemError) {
        self.path = path
        self.follow = follow
        self.ended = ended
        filter = LogFilter(options, stream: stream, now: now)
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .last("open \(path)") }
        let older = Glibc.open(path + ".1", O_RDONLY | O_CLOEXEC)
        files = older >= 0 ? [older, file] : [file]
        inode = Self.inode(file)
        if offset > 0, older < 0 { lseek(file, off_t(offset), SEEK_SET) }
        if let lines = options.tailLines { Self.seek(&files, toLast: lines) }
    }

    deinit { for file in files { close(file) } }

    /// The next piece; `nil` at the end.
    func next() async throws -> [UInt8]? {
        while !filter.isFull {
            if let piece = read() {
                if !piece.isEmpty { return piece }
                continue
            }
            guard let follow, !isOver else { return nil }
            if await follow.hasEnded() {
                // What was written before the end is still to be read.
                isOver = true
            } else {
                var iterator = follow.wakes.makeAsyncIterator()
                guard await iterator.next() != nil else { return nil }
            }
        }
        return nil
    }

    /// What can be read now, filtered; `nil` at the end of what is there.
    private func read() -> [UInt8]? {
        guard let file = files.first else { return nil }
        var buffer = [UInt8](repeating: 0, count: Self.pieceSize)
        let count = Glibc.read(file, &buffer, buffer.count)
        guard count > 0 else { return advance() ? [] : nil }
        rest += buffer[..<count]
        var piece: [UInt8] = []
        var start = rest.startIndex
        while let newline = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
            filter.take(rest[start..<newline], into: &piece)
            start = newline + 1
        }
        rest.removeSubrange(..<start)
        return piece
    }

    /// Goes on to the next file: the newer of two, or the one begun since.
    private func advance() -> Bool {
        if files.count > 1 {
            close(files.removeFirst())
            rest = []
            return true
        }
        guard follow != nil else {
            if let file = files.first { ended(Int(lseek(file, 0, SEEK_CUR)) - rest.count) }
            return false
        }
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        guard Self.inode(file) != inode else {
            close(file)
            return false
        }
        inode = Self.inode(file)
        files.append(file)
        close(files.removeFirst())
        rest = []
        return true
    }

    private static func inode(_ file: Int32) -> UInt64 {
        var status = stat()
        return fstat(file, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    /// Moves the files to where the last `lines` lines begin, and drops those before.
    private static func seek(_ files: inout [Int32], toLast lines: Int) {
        var wanted = max(0, lines)
        for index in files.indices.reversed() {
            let (offset, found) = tail(files[index], wanted)
            lseek(files[index], off_t(offset), SEEK_SET)
            wanted -= found
            if wanted <= 0, index > 0 {
                for file in files[..<index] { close(file) }
                files.removeFirst(index)
                return
            }
        }
    }

    /// Where the last `lines` lines of a file begin, and how many there are of them.
    private static func tail(_ file: Int32, _ lines: Int) -> (offset: Int, found: Int) {
        let size = Int(lseek(file, 0, SEEK_END))
        guard lines > 0, size > 0 else { return (max(0, size), 0) }
        var buffer = [UInt8](repeating: 0, count: pieceSize)
        var end = size
        var found = 0
        while end > 0 {
            let start = max(0, end - pieceSize)
            let count = pread(file, &buffer, end - start, off_t(start))
            guard count == end - start else { return (0, found) }
            for place in stride(from: count - 1, through: 0, by: -1) where buffer[place] == UInt8(ascii: "\n") {
                // The newline at the very end ends the last line; every other one begins a line behind it.
                if start + place == size - 1 { continue }
                found += 1
                if found == lines { return (start + place + 1, found) }
            }
            end = start
        }
        return (0, found + 1)
    }
}
