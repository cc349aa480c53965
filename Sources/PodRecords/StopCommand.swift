public import JSONTree

/// The daemon's word to a supervisor to end its pod: the file `stop.json` in the pod's folder.
///
/// It stays there, so that a pod told to end is never started again. A later one may shorten the grace period.
public struct StopCommand: Sendable, Hashable {
    /// Seconds between SIGTERM and SIGKILL, counted from when the supervisor first hears of a stop; 0 kills at once.
    public var gracePeriodSeconds: Int

    public init(gracePeriodSeconds: Int) { self.gracePeriodSeconds = gracePeriodSeconds }

    public var json: JSON { ["gracePeriodSeconds": JSON(gracePeriodSeconds)] }

    public init(_ json: JSON) throws(JSONError) {
        gracePeriodSeconds = try JSONFields(json).int("gracePeriodSeconds", in: 0...31_536_000)
    }
}
