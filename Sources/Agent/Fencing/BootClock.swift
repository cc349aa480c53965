import Enrolment
import FoundationEssentials
import Glibc

/// The machine's clocks, as marks of when a hub was heard.
enum BootClock {
    /// Read once: it does not change while the process lives.
    private static let boot: String = {
        let path = "/proc/sys/kernel/random/boot_id"
        guard let bytes = try? Data(contentsOf: URL(filePath: path)) else { return "" }
        return String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
    }()

    /// - Parameter time: seconds since 1970.
    static func read(time: Int) -> HeardMark {
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        return HeardMark(boot: boot, uptime: now.tv_sec * 1000 + now.tv_nsec / 1_000_000, time: time)
    }
}
