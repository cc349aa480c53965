public import JSONTree

extension Message {
    /// The message as it goes over the wire.
    public var json: JSON {
        if case .unknown(_, let json) = self { return json }
        return body?.json ?? .null
    }

    /// The message as the bytes of one frame's payload.
    public var encoded: [UInt8] {
        switch self {
        case .ping(let ping): SignOfLife.encoded(PingMessage.type, id: ping.id)
        case .pong(let pong): SignOfLife.encoded(PongMessage.type, id: pong.id)
        default: json.encoded()
        }
    }

    /// Reads one message.
    ///
    /// - Throws: `JSONError` where the text is no JSON, has no `type`, or a known type lacks a field or has a wrong one.
    public init(parsing bytes: some Collection<UInt8>, limits: FrameLimits = .standard) throws(JSONError) {
        if let sign = SignOfLife.message(in: bytes) {
            self = sign
            return
        }
        let json = try JSON(
            parsing: bytes,
            limits: JSONLimits(bytes: limits.inflatedLength, depth: limits.depth, values: limits.values))
        try self.init(json: json)
    }

    /// Reads one message. An unknown type is kept, unknown fields of known types are ignored.
    ///
    /// - Throws: `JSONError` naming the field.
    public init(json: JSON) throws(JSONError) {
        let type = try JSONFields(json).string("type", limit: 64)
        let fields = try JSONFields(json, at: type)
        switch type {
        case HelloMessage.type: self = .hello(try HelloMessage(fields: fields))
        case EnrollMessage.type: self = .enroll(try EnrollMessage(fields: fields))
        case EnrolledMessage.type: self = .enrolled(try EnrolledMessage(fields: fields))
        case RenewMessage.type: self = .renew(try RenewMessage(fields: fields))
        case RenewedMessage.type: self = .renewed(try RenewedMessage(fields: fields))
        case AdvertiseMessage.type: self = .advertise(try AdvertiseMessage(fields: fields))
        case PingMessage.type: self = .ping(try PingMessage(fields: fields))
        case PongMessage.type: self = .pong(try PongMessage(fields: fields))
        case DigestMessage.type: self = .digest(try DigestMessage(fields: fields))
        case DesiredMessage.type: self = .desired(try DesiredMessage(fields: fields))
        case ObservedMessage.type: self = .observed(try ObservedMessage(fields: fields))
        case AcknowledgeMessage.type: self = .acknowledge(try AcknowledgeMessage(fields: fields))
        case StreamOpenMessage.type: self = .streamOpen(try StreamOpenMessage(fields: fields))
        case StreamOpenedMessage.type: self = .streamOpened(try StreamOpenedMessage(fields: fields))
        case StreamRefusedMessage.type: self = .streamRefused(try StreamRefusedMessage(fields: fields))
        case StreamWindowMessage.type: self = .streamWindow(try StreamWindowMessage(fields: fields))
        case StreamCloseMessage.type: self = .streamClose(try StreamCloseMessage(fields: fields))
        case GoodbyeMessage.type: self = .goodbye(try GoodbyeMessage(fields: fields))
        case ErrorMessage.type: self = .error(try ErrorMessage(fields: fields))
        case UnsupportedMessage.type: self = .unsupported(try UnsupportedMessage(fields: fields))
        default: self = .unknown(type: type, json)
        }
    }
}
