import NIOCore

extension Duration {
    /// This process's monotonic clock, as the sessions take it.
    static var monotonicNow: Duration { .nanoseconds(Int64(NIODeadline.now().uptimeNanoseconds)) }

    /// In whole nanoseconds; the most that there is for more.
    var nanoseconds: Int64 {
        let (whole, overflow) = components.seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, overflows) = whole.addingReportingOverflow(components.attoseconds / 1_000_000_000)
        return overflow || overflows ? .max : sum
    }
}

extension NIODeadline {
    /// The point in time that a session names.
    init(_ time: Duration) {
        let (seconds, attoseconds) = time.components
        self = .uptimeNanoseconds(UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000))
    }
}
