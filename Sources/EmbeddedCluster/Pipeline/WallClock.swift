#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The time of day.
enum WallClock {
    /// Whole seconds since 1970.
    static func seconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec
    }
}
