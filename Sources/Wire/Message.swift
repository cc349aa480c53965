public import JSONTree

/// One message of the peering protocol.
public enum Message: Sendable, Hashable {
    case hello(HelloMessage)
    case enroll(EnrollMessage)
    case enrolled(EnrolledMessage)
    case renew(RenewMessage)
    case renewed(RenewedMessage)
    case advertise(AdvertiseMessage)
    case ping(PingMessage)
    case pong(PongMessage)
    case digest(DigestMessage)
    case desired(DesiredMessage)
    case observed(ObservedMessage)
    case acknowledge(AcknowledgeMessage)
    case streamOpen(StreamOpenMessage)
    case streamOpened(StreamOpenedMessage)
    case streamRefused(StreamRefusedMessage)
    case streamWindow(StreamWindowMessage)
    case streamClose(StreamCloseMessage)
    case goodbye(GoodbyeMessage)
    case error(ErrorMessage)
    case unsupported(UnsupportedMessage)
    /// A type that this version does not know, whole. To be answered with ``unsupported(_:)``.
    case unknown(type: String, JSON)
}

extension Message {
    /// The message's content; `nil` for an unknown one.
    public var body: (any MessageBody)? {
        switch self {
        case .hello(let body): body
        case .enroll(let body): body
        case .enrolled(let body): body
        case .renew(let body): body
        case .renewed(let body): body
        case .advertise(let body): body
        case .ping(let body): body
        case .pong(let body): body
        case .digest(let body): body
        case .desired(let body): body
        case .observed(let body): body
        case .acknowledge(let body): body
        case .streamOpen(let body): body
        case .streamOpened(let body): body
        case .streamRefused(let body): body
        case .streamWindow(let body): body
        case .streamClose(let body): body
        case .goodbye(let body): body
        case .error(let body): body
        case .unsupported(let body): body
        case .unknown: nil
        }
    }

    /// The discriminator.
    public var type: String {
        if case .unknown(let type, _) = self { return type }
        return body.map { Swift.type(of: $0).type } ?? ""
    }

    /// Whether the message may be deflated. Messages with a credential may not: their length would tell about it.
    public var isCompressible: Bool {
        switch self {
        case .enroll, .enrolled, .renew, .renewed, .unknown: false
        case .desired(let changes): !changes.upserts.contains { $0.isSecret }
        case .hello, .advertise, .ping, .pong, .digest, .observed, .acknowledge, .streamOpen, .streamOpened,
            .streamRefused, .streamWindow, .streamClose, .goodbye, .error, .unsupported:
            true
        }
    }
}

extension Message: CustomStringConvertible {
    /// The type only: contents may be secret.
    public var description: String { "message “\(type)”" }
}
