import ArgumentParser
import OffloadingModel

/// A span of time on the command line: `90s`, `2m`, `1h30m`; a bare number counts seconds.
struct TimeSpan: ExpressibleByArgument, Sendable, Hashable {
    let duration: Duration

    init(_ duration: Duration) { self.duration = duration }

    init?(argument: String) {
        if let seconds = Int(argument), (0...31_536_000).contains(seconds) {
            duration = .seconds(seconds)
        } else if let duration = GoDuration.parse(argument) {
            self.duration = duration
        } else {
            return nil
        }
    }

    var defaultValueDescription: String { Self.text(duration) }

    /// To the nearest second, from a second on.
    static func rounded(_ duration: Duration) -> Duration {
        guard duration >= .seconds(1) else { return duration }
        return .seconds((duration + .milliseconds(500)).components.seconds)
    }

    /// `2m`, `90s`: as a person would write it.
    static func text(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        if duration < .seconds(1) { return "\(duration.components.attoseconds / 1_000_000_000_000_000)ms" }
        if seconds >= 3600, seconds.isMultiple(of: 3600) { return "\(seconds / 3600)h" }
        if seconds > 120, seconds.isMultiple(of: 60) { return "\(seconds / 60)m" }
        return "\(seconds)s"
    }
}
