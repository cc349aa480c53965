/// The metadata keys of the log of enrolments: messages are constant, these carry the data.
enum LogKey {
    /// The cluster id of the peer.
    static let peerID = "peer.id"
    /// The cluster name of the peer.
    static let peer = "peer"
    static let address = "address"
    /// A certificate's SHA-256, in hexadecimal.
    static let fingerprint = "fingerprint"
    /// The public id of a token; never its secret.
    static let token = "token.id"
    /// When a token ends.
    static let expiry = "expires"
    static let error = "error"
    static let reason = "reason"
    static let key = "key"
    /// Present on what belongs into the audit log, with the event's name.
    static let audit = "audit"
}
