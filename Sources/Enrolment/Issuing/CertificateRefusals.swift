public import Logging
import PeerTransport
public import TLSTransport

/// Notes, for the audit log, whose certificates a listener has refused in the handshake, and why. A few per address and minute:
/// whoever knocks again and again fills no disk.
public final class CertificateRefusals: Sendable {
    private let logger: Logger
    private let recent = TokenGuesses<CallerNetwork>()

    public init(logger: Logger) { self.logger = logger }

    /// Takes note of a handshake that has failed.
    ///
    /// - Parameter address: where the connection came from.
    public func note(_ error: TLSError, from address: String) {
        let codes: [TLSError.Code] = [
            .certificateExpired, .certificateNotYetValid, .untrusted, .revoked, .rejected, .nameMismatch,
        ]
        let network = CallerNetwork(address)
        guard codes.contains(error.code), recent.wait(for: network, now: .now) == nil else { return }
        recent.note(network, now: .now)
        logger.warning(
            "a certificate was refused",
            metadata: [
                LogKey.audit: "certificate-refused", LogKey.address: "\(address)", LogKey.reason: "\(error.message)",
                LogKey.fingerprint: "\(error.fingerprint ?? "")",
            ])
    }
}
