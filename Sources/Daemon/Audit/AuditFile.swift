import Dispatch
import Glibc
import JSONTree
import Synchronization

/// The audit log: a file of JSON lines that only grows, of mode 0600.
///
/// A line is handed to the system before ``append(_:isFlushed:)`` returns, so it survives the end of the process; it is on the
/// disk a moment later. A file that was moved away, by logrotate say, is made anew. What cannot be written is counted and said
/// once; nothing waits for it, and the count is the first line when writing works again.
final class AuditFile: Sendable {
    private struct State {
        var file: Int32 = -1
        /// Whether the last line may be cut off.
        var isTorn = false
        /// How many lines were lost since the last one that was written.
        var lost = 0
    }

    /// A word about the file itself, for the ordinary log.
    enum Notice: Sendable, Hashable {
        case failing(String)
        case works(lost: Int)
    }

    private let path: String
    private let state = Mutex(State())
    private let flushes = DispatchQueue(label: "audit")
    private let isFlushing = Atomic(false)
    private let notice: @Sendable (Notice) -> Void
    private let write: @Sendable (Int32, UnsafeRawBufferPointer) -> Int

    /// - Parameters:
    ///   - notice: told when writing begins to fail, and when it works again.
    ///   - write: the system's, or a test's that fails like a full disk.
    init(
        path: String,
        write: @escaping @Sendable (Int32, UnsafeRawBufferPointer) -> Int = {
            Glibc.write($0, $1.baseAddress, $1.count)
        },
        notice: @escaping @Sendable (Notice) -> Void
    ) {
        self.path = path
        self.write = write
        self.notice = notice
    }

    deinit {
        let file = state.withLock { $0.file }
        if file >= 0 { close(file) }
    }

    /// Writes a line.
    ///
    /// - Parameters:
    ///   - object: becomes one line.
    ///   - isFlushed: whether the line is to be on the disk soon, whatever happens to the machine.
    func append(_ object: JSON, isFlushed: Bool) {
        let news = state.withLock { state -> Notice? in
            do throws(Failure) {
                try open(&state)
                var bytes: [UInt8] = state.isTorn ? [UInt8(ascii: "\n")] : []
                if state.lost > 0 {
                    let loss: JSON = [
                        "time": object["time"] ?? .null, "event": "audit-lost", "count": JSON(state.lost),
                    ]
                    bytes += loss.encoded() + [UInt8(ascii: "\n")]
                }
                try writeAll(bytes + object.encoded() + [UInt8(ascii: "\n")], &state)
                defer { state.lost = 0 }
                return state.lost > 0 ? .works(lost: state.lost) : nil
            } catch {
                state.lost += 1
                return state.lost == 1 ? .failing(error.description) : nil
            }
        }
        if let news { notice(news) }
        if isFlushed, news.map({ if case .failing = $0 { false } else { true } }) ?? true { flush() }
    }

    // MARK: - The file

    private struct Failure: Error {
        let description: String

        init(_ what: String, _ path: String) {
            description = "cannot \(what) \(path): \(String(cString: strerror(errno)))"
        }
    }

    /// Makes sure that the open file is the one of the path.
    private func open(_ state: inout State) throws(Failure) {
        var (named, opened) = (stat(), stat())
        if state.file >= 0, lstat(path, &named) == 0, fstat(state.file, &opened) == 0, named.st_ino == opened.st_ino,
            named.st_dev == opened.st_dev
        {
            return
        }
        if state.file >= 0 { close(state.file) }
        state.isTorn = false
        state.file = Glibc.open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard state.file >= 0 else { throw Failure("open", path) }
        guard fstat(state.file, &opened) == 0, opened.st_mode & S_IFMT == S_IFREG else {
            close(state.file)
            state.file = -1
            errno = EINVAL
            throw Failure("use", path)
        }
        if opened.st_mode & 0o777 != 0o600 { fchmod(state.file, 0o600) }
        // An end that cannot be read is taken for a cut-off line: a blank line does no harm.
        var last: UInt8 = 0
        state.isTorn =
            opened.st_size > 0
            && (pread(state.file, &last, 1, opened.st_size - 1) != 1 || last != UInt8(ascii: "\n"))
    }

    private func writeAll(_ bytes: [UInt8], _ state: inout State) throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(state.file, $0) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                if rest.count < bytes.count { state.isTorn = true }
                throw Failure("write", path)
            }
            rest = rest.dropFirst(count)
        }
        state.isTorn = false
    }

    /// Has what was written put on the disk, soon; several lines at once.
    private func flush() {
        guard !isFlushing.exchange(true, ordering: .acquiringAndReleasing) else { return }
        flushes.async { [self] in
            isFlushing.store(false, ordering: .releasing)
            // A handle of its own: the file may be moved and opened anew meanwhile.
            let file = state.withLock { $0.file >= 0 ? fcntl($0.file, F_DUPFD_CLOEXEC, 0) : -1 }
            guard file >= 0 else { return }
            defer { close(file) }
            guard fsync(file) != 0 else { return }
            let failure = Failure("flush", path)
            notice(.failing(failure.description))
        }
    }

    /// Waits until everything that was to be flushed is.
    func waitUntilFlushed() { flushes.sync {} }
}
