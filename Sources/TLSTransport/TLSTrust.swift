/// Whose certificates are believed on a connection.
public enum TLSTrust: Sendable, Hashable {
    /// Those that these certificates are, or lead to: authorities, as a kubeconfig's `certificate-authority-data`.
    case certificates([Certificate])

    /// Those whose presented chain ends in a self-signed authority with this key: the SHA-256, 32 bytes, of its DER
    /// SubjectPublicKeyInfo. The peer must send the authority in its chain; validity, names and uses are checked too.
    case pinnedAuthority(subjectPublicKeyInfoSHA256: [UInt8])

    /// Those that lead to the system's authorities, from OpenSSL's default places.
    case system
}
