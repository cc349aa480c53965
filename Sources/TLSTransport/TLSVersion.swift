/// A version of the protocol.
public enum TLSVersion: String, Sendable, Hashable {
    case tls1_2 = "TLSv1.2"
    case tls1_3 = "TLSv1.3"
}
