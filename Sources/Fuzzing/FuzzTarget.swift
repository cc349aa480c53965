/// What takes bytes that a stranger may have sent, by the names that `scripts/fuzz` knows.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// A peer's bytes as they come: frames, deflate, JSON messages.
    case wire
    /// Frames alone, in pieces of any size.
    case frames
    /// One deflated message.
    case deflate
    case json
    /// A JSON message of the wire protocol.
    case message
    case token
    /// A certificate, a chain or a certificate request, as PEM or DER.
    case certificate
    /// A daemon's settings file.
    case settings
    case kubeconfig
    /// An object that a client of the embedded cluster sends as YAML.
    case yaml
    /// The same as protobuf.
    case protobuf
    /// A label selector's text.
    case selector
    /// A question that whoever reaches a hub's admission webhook sends.
    case admission
    /// A JSON patch, a merge patch and the JSON that they change.
    case patch
    /// A message of a session in a pod, by channels over a WebSocket, and the same as SPDY frames.
    case session
    /// Records of a session in a pod, as they come over a peering's stream.
    case records
    /// An object that the other side of a peering sent: a pod, or what pods use.
    case object
    /// What comes over a connection to the embedded cluster's API.
    case http

    /// Decodes bytes. What they are is refused with a typed error or accepted; a trap says that something is wrong, and so does
    /// a promise that is not kept.
    public func decode(_ bytes: [UInt8]) {
        switch self {
        case .wire: PeerDecoders.wire(bytes)
        case .frames: PeerDecoders.frames(bytes)
        case .deflate: PeerDecoders.deflate(bytes)
        case .json: TextDecoders.json(bytes)
        case .message: PeerDecoders.message(bytes)
        case .token: PeerDecoders.token(bytes)
        case .certificate: PeerDecoders.certificate(bytes)
        case .settings: TextDecoders.settings(bytes)
        case .kubeconfig: TextDecoders.kubeconfig(bytes)
        case .yaml: TextDecoders.yaml(bytes)
        case .protobuf: TextDecoders.protobuf(bytes)
        case .selector: TextDecoders.selector(bytes)
        case .admission: TextDecoders.admission(bytes)
        case .patch: TextDecoders.patch(bytes)
        case .session: SessionDecoders.session(bytes)
        case .records: SessionDecoders.records(bytes)
        case .object: PeerDecoders.object(bytes)
        case .http: HTTPDecoders.http(bytes)
        }
    }
}
