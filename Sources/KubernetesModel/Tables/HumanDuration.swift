/// Spans of time as `kubectl` shows them: `42s`, `5m10s`, `3h`, `2d4h`, `1y20d`.
public enum HumanDuration {
    /// - Parameter seconds: the span; a clock that is a little ahead reads as nothing.
    public static func text(_ seconds: Int) -> String {
        if seconds < -1 { return "<invalid>" }
        if seconds < 0 { return "0s" }
        if seconds < 120 { return "\(seconds)s" }
        let minutes = seconds / 60
        if minutes < 10 { return pair(minutes, "m", seconds % 60, "s") }
        if minutes < 180 { return "\(minutes)m" }
        let hours = minutes / 60
        if hours < 8 { return pair(hours, "h", minutes % 60, "m") }
        if hours < 48 { return "\(hours)h" }
        let days = hours / 24
        if hours < 24 * 8 { return pair(days, "d", hours % 24, "h") }
        if days < 365 * 2 { return "\(days)d" }
        if days < 365 * 8 { return pair(days / 365, "y", days % 365, "d") }
        return "\(days / 365)y"
    }

    private static func pair(_ large: Int, _ largeUnit: String, _ small: Int, _ smallUnit: String) -> String {
        small == 0 ? "\(large)\(largeUnit)" : "\(large)\(largeUnit)\(small)\(smallUnit)"
    }

    /// The age of something that happened at an RFC 3339 time; `<unknown>` where there is none.
    ///
    /// - Parameter now: seconds since 1970.
    public static func since(_ time: String?, now: Int) -> String {
        guard let time, !time.isEmpty else { return "<unknown>" }
        guard let then = Timestamp.seconds(time) else { return "<invalid>" }
        return text(now - then)
    }
}
