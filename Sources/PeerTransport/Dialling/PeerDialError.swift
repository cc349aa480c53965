public import Sessions
import Wire

/// Why a peer could not be reached or did not want to talk.
public struct PeerDialError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Where the peer should be.
    public let address: PeerAddress
    /// What was tried, in order, such as `192.0.2.1:6443: connection refused`. Empty where the connection came up.
    public let attempts: [String]
    /// How long it took, from the first attempt to giving up.
    public let elapsed: Duration
    /// What went wrong; `PeerSessionEnd.code` tells lost connections from refusals.
    public let end: PeerSessionEnd

    public init(address: PeerAddress, attempts: [String] = [], elapsed: Duration, end: PeerSessionEnd) {
        self.address = address
        self.attempts = attempts
        self.elapsed = elapsed
        self.end = end
    }

    /// Whether trying again later may help without anybody doing anything.
    public var isTransient: Bool {
        switch end.code {
        case .lost, .timeout, .silent, .goodbye: true
        case .refused: end.error.map { [.busy, .unavailable, .duplicate].contains($0.code) } ?? false
        default: false
        }
    }

    public var description: String {
        let milliseconds = elapsed / .milliseconds(1)
        let time = milliseconds < 1000 ? "\(Int(milliseconds)) ms" : "\(Int(milliseconds / 100).tenths) s"
        let tried = attempts.isEmpty ? "" : " (tried \(attempts.joined(separator: "; ")))"
        return "\(address.url): \(end.message)\(tried), after \(time)"
    }
}

extension Int {
    /// A number of tenths as text, such as `4.2`.
    fileprivate var tenths: String { "\(self / 10).\(self % 10)" }
}
