import COpenSSL

/// Turns OpenSSL's errors into ours.
enum TLSFailure {
    /// Reasons of libssl from here on are alerts of the peer; the alert's number is what is above.
    private static let firstAlertReason: Int32 = 1000

    /// Takes this thread's OpenSSL errors and explains them.
    static func describe(role: TLSConfiguration.Role, inHandshake: Bool) -> TLSError {
        let entries = OpenSSLErrors.take()
        let cause = entries.isEmpty ? nil : entries.map(\.text).joined(separator: "; ")
        let reasons = entries.filter { $0.library == ERR_LIB_SSL }.map(\.reason)
        let peer = role == .client ? "server" : "client"
        for reason in reasons {
            if let alert = alert(reason) { return describe(alert, peer: peer, cause: cause) }
            if let error = describe(reason, peer: peer, cause: cause) { return error }
        }
        return TLSError(
            inHandshake ? .handshakeFailed : .io,
            inHandshake
                ? "the TLS handshake with the \(peer) failed; check that both sides are what you expect"
                : "the \(peer) sent what TLS does not allow, and the connection was closed",
            cause: cause)
    }

    private static func alert(_ reason: Int32) -> TLSAlert? {
        guard reason >= firstAlertReason, let number = UInt8(exactly: reason - firstAlertReason) else { return nil }
        return TLSAlert(rawValue: number)
    }

    private static func describe(_ alert: TLSAlert, peer: String, cause: String?) -> TLSError {
        if alert.concernsCertificate {
            return TLSError(
                .refusedByPeer, "the \(peer) refused our certificate: \(alert)", alert: alert, cause: cause)
        }
        let code: TLSError.Code =
            switch alert {
            case .noApplicationProtocol: .noApplicationProtocol
            case .protocolVersion: .unsupportedVersion
            default: .handshakeFailed
            }
        return TLSError(code, "the \(peer) refused the connection: \(alert)", alert: alert, cause: cause)
    }

    private static func describe(_ reason: Int32, peer: String, cause: String?) -> TLSError? {
        switch reason {
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            TLSError(
                .certificateRequired, "the client sent no certificate although one is required; give it one",
                cause: cause)
        case SSL_R_NO_APPLICATION_PROTOCOL:
            TLSError(
                .noApplicationProtocol, "the \(peer) offers none of the application protocols spoken here",
                cause: cause)
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_UNKNOWN_PROTOCOL, SSL_R_NO_PROTOCOLS_AVAILABLE,
            SSL_R_VERSION_TOO_LOW, SSL_R_UNKNOWN_SSL_VERSION:
            TLSError(
                .unsupportedVersion, "the \(peer) does not speak a TLS version that is accepted here; upgrade it",
                cause: cause)
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST:
            TLSError(.notTLS, "the \(peer) does not speak TLS; check the port and the scheme", cause: cause)
        default:
            nil
        }
    }
}
