import Enrolment
import OffloadingModel

/// Whether a hub is heard, since when not, and whether what it wants is known: what self-fencing goes by. Pure.
///
/// | state | event | next |
/// |---|---|---|
/// | away | connected | hearing, not informed |
/// | hearing | all wants are known | informed |
/// | hearing | the peer is suspect, or the connection is lost | away |
///
/// A hub that was away for long counts as heard only once it is informed: until then its pods may run elsewhere.
struct HubHearing: Sendable, Hashable {
    /// When the hub was last heard; `nil` before the first look at the clock.
    private(set) var mark: HeardMark?
    private var isHearing = false
    private var isInformed = false

    /// - Parameter mark: as it was saved; `nil` counts as now.
    init(mark: HeardMark? = nil) { self.mark = mark }

    mutating func connected() { (isHearing, isInformed) = (true, false) }
    mutating func informed() { isInformed = isHearing }
    /// - Parameter silence: for how long nothing was heard by now.
    mutating func suspected(after silence: Duration) {
        guard isHearing else { return }
        isHearing = false
        let milliseconds =
            Int(silence.components.seconds) * 1000 + Int(silence.components.attoseconds / 1_000_000_000_000_000)
        // Noted as heard meanwhile, a moment before at most: so the last word is that moment too early, never late.
        mark?.uptime -= milliseconds
        mark?.time -= milliseconds / 1000
    }
    mutating func recovered() { isHearing = true }
    mutating func lost() { (isHearing, isInformed) = (false, false) }

    /// For how long the hub has not been heard, now that the clocks say this. To be called every now and then: what is not
    /// noted is silence.
    mutating func silence(at now: HeardMark) -> Duration {
        let silence = mark?.silence(at: now) ?? .zero
        // No pod is stopped within the shortest time there is: nothing to wait for then.
        guard mark == nil || (isHearing && (isInformed || silence < OffloadingPolicy.shortestStop)) else {
            return silence
        }
        mark = now
        return .zero
    }
}
