import NIOCore
import Sessions
import TLSTransport
import Wire

extension PeerSessionEnd {
    /// What an error of the socket or of TLS means for the session.
    init(connectionError error: any Error) {
        if let error = error as? PeerSessionEnd {
            self = error
        } else if let error = error as? TLSError {
            switch error.code {
            case .truncated, .closed, .io, .handshakeAborted: self.init(.lost, error.message)
            case .timeout: self.init(.timeout, error.message)
            default: self.init(.untrusted, error.message)
            }
            if error.code == .refusedByPeer, error.alert == .certificateRevoked {
                self.error = ErrorMessage(
                    code: .notPeered,
                    message: "the peer has revoked this cluster's certificate; peer again with a new token of it")
            }
        } else if let error = error as? IOError {
            self.init(.lost, "the connection to the peer broke: \(error.description)")
        } else {
            self.init(.lost, "the connection to the peer broke: \(error)")
        }
    }
}
