/// An alert that a TLS peer sent (RFC 8446, section 6; RFC 7301 for the application protocol).
public struct TLSAlert: RawRepresentable, Hashable, Sendable {
    /// The number on the wire.
    public let rawValue: UInt8

    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let handshakeFailure = TLSAlert(rawValue: 40)
    public static let badCertificate = TLSAlert(rawValue: 42)
    public static let unsupportedCertificate = TLSAlert(rawValue: 43)
    public static let certificateRevoked = TLSAlert(rawValue: 44)
    public static let certificateExpired = TLSAlert(rawValue: 45)
    public static let certificateUnknown = TLSAlert(rawValue: 46)
    public static let unknownAuthority = TLSAlert(rawValue: 48)
    public static let accessDenied = TLSAlert(rawValue: 49)
    public static let protocolVersion = TLSAlert(rawValue: 70)
    public static let certificateRequired = TLSAlert(rawValue: 116)
    public static let noApplicationProtocol = TLSAlert(rawValue: 120)

    /// Whether the peer speaks of the certificate that we presented, or did not present.
    public var concernsCertificate: Bool {
        switch self {
        case .badCertificate, .unsupportedCertificate, .certificateRevoked, .certificateExpired, .certificateUnknown,
            .unknownAuthority, .accessDenied, .certificateRequired:
            true
        default:
            false
        }
    }
}

extension TLSAlert: CustomStringConvertible {
    /// What the peer means by it, as the end of a sentence.
    public var description: String {
        switch self {
        case .handshakeFailure: "it could not agree on the handshake's parameters"
        case .badCertificate: "it is not acceptable to the peer"
        case .unsupportedCertificate: "it is not made for this use"
        case .certificateRevoked: "it was revoked"
        case .certificateExpired: "it is expired or not valid yet; check both clocks, or renew it"
        case .certificateUnknown: "the peer could not process it"
        case .unknownAuthority: "the peer does not trust the authority that issued it"
        case .accessDenied: "it is valid, but the peer denies it access"
        case .protocolVersion: "the peer does not speak this TLS version"
        case .certificateRequired: "the peer requires one and none was sent"
        case .noApplicationProtocol: "the peer speaks none of the offered application protocols"
        default: "alert \(rawValue)"
        }
    }
}
