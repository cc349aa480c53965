import Glibc
public import PodRecords

/// The clocks and the boot of this machine.
public enum HostClock {
    public static func now() -> Moment {
        Moment(wall: WallTime(nanoseconds: read(CLOCK_REALTIME)), monotonic: read(CLOCK_BOOTTIME))
    }

    private static func read(_ clock: clockid_t) -> Int {
        var time = timespec()
        clock_gettime(clock, &time)
        return time.tv_sec * 1_000_000_000 + time.tv_nsec
    }

    /// Differs after every start of the machine; empty where the kernel does not say.
    public static func bootID() -> String {
        guard let bytes = try? PodFiles.read("/proc/sys/kernel/random/boot_id", limit: 128) else { return "" }
        return String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self)
    }
}
