public import TLSTransport
public import Wire

/// What a listener's owner decides: who may enrol, who may talk, and what is talked about.
///
/// Called from any task, several at once.
public protocol PeerAcceptor: Sendable {
    /// Verifies a token and issues a certificate.
    ///
    /// Answer every refusal with ``EnrolmentAnswer/tokenRefused``, whatever is wrong with the token.
    func enrol(_ request: EnrollMessage, from caller: PeerCaller) async -> EnrolmentAnswer

    /// Decides about a peer whose certificate is good: the hello to answer with, or a refusal.
    ///
    /// Must be quick and without effects: the connection may still fail.
    func admit(_ caller: PeerCaller) async -> PeerAdmission

    /// A handshake has failed, and the peer was not heard: for a log. Called on the connection's event loop; must not block.
    func refused(_ error: TLSError, from address: String)

    /// Talks with a peer until the connection is lost or nothing is left to say. The connection is closed on return.
    ///
    /// Cancelled when the listener stops.
    func serve(_ connection: PeerConnection) async
}

extension PeerAcceptor {
    /// Takes no notice.
    public func refused(_ error: TLSError, from address: String) {}
}

/// Who is at the other end of a new connection.
public struct PeerCaller: Sendable {
    /// The id in the certificate; empty without one.
    public let clusterID: String
    /// `nil` for an enrolment.
    public let identity: PeerIdentity?
    /// The address that the connection comes from; empty where it is not known.
    public let address: String

    public init(clusterID: String, identity: PeerIdentity?, address: String) {
        self.clusterID = clusterID
        self.identity = identity
        self.address = address
    }
}

/// The answer to an enrolment.
public enum EnrolmentAnswer: Sendable, Hashable {
    case enrolled(EnrolledMessage)
    case refused(ErrorMessage)
}

/// The decision about a peer.
public enum PeerAdmission: Sendable, Hashable {
    /// Talk, and answer with this hello, which names the epoch that this side knows.
    case accept(HelloMessage)
    case refuse(ErrorMessage)
}
