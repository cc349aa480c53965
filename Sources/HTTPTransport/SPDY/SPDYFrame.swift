/// One frame of SPDY/3.1, as far as forwarding of ports needs it.
public enum SPDYFrame: Sendable, Hashable {
    case data(stream: UInt32, bytes: [UInt8], isLast: Bool)
    /// Opens a stream. Names of headers are lower case.
    case synStream(stream: UInt32, headers: [String: String], isLast: Bool)
    case synReply(stream: UInt32, headers: [String: String], isLast: Bool)
    /// Ends a stream at once; `status` 1 protocol error, 3 refused, 5 cancelled.
    case reset(stream: UInt32, status: UInt32)
    case ping(UInt32)
    case goAway
    /// Settings, window updates and whatever else changes nothing here.
    case ignored
}

/// Why a peer's frames cannot be read any further.
public struct SPDYError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String
    public init(_ description: String) { self.description = description }
}
