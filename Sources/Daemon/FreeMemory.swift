import CLinuxShims
import Glibc

/// Gives memory that a burst of requests needed back to the system when it is over.
///
/// The C library keeps freed pages that lie between others for later use, for good: after an hour of many clients a daemon
/// would stay as large as in its busiest second.
struct FreeMemory {
    /// How often the size is looked at, which costs one read of `/proc`.
    private static let interval = Duration.seconds(5)
    /// Growth in bytes that is worth a walk through the heap, which takes some milliseconds per 100 MB.
    private static let worthwhile = 4 << 20

    private var settled = 0

    /// Has threads share heaps, as many as there are processors: to be called before there are many threads.
    ///
    /// The C library gives each thread one of its own, up to eight a processor, and what is free in one serves no other: with
    /// 10,000 pods a twentieth of the memory.
    static func shareHeaps() {
        causeway_limit_heaps(Int32(clamping: max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN)))))
    }

    /// Works until the task is cancelled.
    static func run() async throws {
        var memory = FreeMemory()
        while true {
            try await Task.sleep(for: interval)
            memory.look()
        }
    }

    private mutating func look() {
        guard let before = Self.residentBytes(), before > settled + Self.worthwhile else { return }
        causeway_return_free_memory()
        settled = Self.residentBytes() ?? before
    }

    /// How much of this process is in memory; `nil` where the system does not tell.
    private static func residentBytes() -> Int? {
        let descriptor = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return nil }
        let fields = String(decoding: buffer.prefix(count), as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
