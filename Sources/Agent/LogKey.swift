/// The metadata keys of the agent's log: messages are constant, these carry the data.
enum LogKey {
    /// The cluster id of a hub.
    static let hubID = "hub.id"
    /// The cluster name of a hub.
    static let hub = "hub"
    static let address = "address"
    /// A certificate's SHA-256, in hexadecimal.
    static let fingerprint = "fingerprint"
    /// The public id of a token; never its secret.
    static let token = "token.id"
    static let epoch = "epoch"
    static let error = "error"
    static let reason = "reason"
    static let namespace = "namespace"
    static let pod = "pod"
    static let key = "key"
    static let stream = "stream"
    static let count = "count"
    /// Present on what belongs into the audit log, with the event's name.
    static let audit = "audit"
}
