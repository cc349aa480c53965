/// The version of the peering protocol.
///
/// One integer for frames, messages and rules together. Nothing is ever renamed or given another meaning; a field or a
/// message that old peers may ignore needs no new version.
///
/// | version | since | what changed |
/// |---|---|---|
/// | 1 | 2026-11-21 | the first: frames of three kinds, enrolment, digests and sets, streams |
public enum ProtocolVersion {
    /// The oldest version that this code speaks.
    public static let minimum = 1
    /// The newest version that this code speaks.
    public static let maximum = 1
    /// What both sides offer in the TLS handshake.
    public static let applicationProtocol = "causeway/1"
}
