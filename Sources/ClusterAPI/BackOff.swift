/// How long to wait after failures in a row: doubling from `initial` up to `maximum`.
public struct BackOff: Sendable, Hashable {
    /// After the first failure.
    public var initial: Duration
    /// However many failures there were.
    public var maximum: Duration

    /// - Parameters:
    ///   - initial: after the first failure.
    ///   - maximum: never longer than this, so that recovery is noticed soon.
    public init(initial: Duration = .milliseconds(50), maximum: Duration = .seconds(15)) {
        self.initial = initial
        self.maximum = maximum
    }

    /// - Parameter failures: failures in a row, from 1.
    public func delay(afterFailures failures: Int) -> Duration {
        var delay = initial
        for _ in 1..<max(2, min(failures, 40)) where failures > 1 {
            delay *= 2
            if delay >= maximum { return maximum }
        }
        return min(delay, maximum)
    }
}
