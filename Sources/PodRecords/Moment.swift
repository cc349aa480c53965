/// One reading of both clocks.
///
/// Deadlines and back-offs use the monotonic one, so that a clock set by an hour moves none of them; what people read
/// uses the wall clock.
public struct Moment: Sendable, Hashable {
    public var wall: WallTime
    /// Nanoseconds since the machine started, time asleep included (Linux's boot-time clock).
    public var monotonic: Int

    public init(wall: WallTime, monotonic: Int) {
        self.wall = wall
        self.monotonic = monotonic
    }
}
