/// The system gave no random bytes.
public struct RandomSourceError: Error, Hashable, Sendable, CustomStringConvertible {
    /// How many bytes were asked for.
    public let requested: Int

    /// What happened, and what to do next.
    public var description: String {
        "the system's random number generator gave no \(requested) bytes; check that the process may call getrandom(2)"
    }
}
