public import OffloadingModel
public import PeerTransport
import Sessions
public import Wire

extension PeerDialError {
    /// Whether the peer's TLS says that it has revoked this cluster's certificate: the peering itself may go on.
    public var isRevocation: Bool { end.code == .untrusted && end.error?.code == .notPeered }
}

extension PeeringCondition {
    /// The reason where certificates that were good are taken no more.
    public static let revoked = "Revoked"

    /// What an attempt to dial a peer that failed means for the peering.
    ///
    /// - Parameter peer: what the peer is: its reasons begin with `Hub` or `Edge`.
    public init(_ error: PeerDialError, of peer: PeerRole) {
        let who = peer == .hub ? "Hub" : "Edge"
        switch error.end.code {
        case .lost, .timeout, .silent, .goodbye: self.init(.pending, "\(who)Unreachable", "\(error)")
        case .refused where error.end.error?.code == .duplicate:
            self.init(.error, "DuplicateIdentity", "\(error)")
        case .refused where error.isTransient: self.init(.pending, "\(who)Busy", "\(error)")
        case .refused: self.init(.denied, error.end.error?.code.rawValue ?? "Refused", "\(error)")
        case .untrusted where error.isRevocation:
            self.init(.denied, Self.revoked, "\(error.address.url): \(error.end.error?.message ?? error.end.message)")
        case .untrusted: self.init(.denied, "\(who)Untrusted", "\(error)")
        default: self.init(.error, "ProtocolError", "\(error)")
        }
    }
}
