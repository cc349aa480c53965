import Wire

extension PeerSession.Established {
    /// One message of an established conversation.
    mutating func received(_ message: Message, _ now: Duration) throws(PeerSessionEnd) -> [PeerSession.Action] {
        switch message {
        case .ping(let ping):
            return [.send(.pong(PongMessage(id: ping.id)))]
        case .pong(let pong):
            _ = liveness.pong(pong.id, now)
            return []
        case .digest(let digest):
            try received(digest)
            return []
        case .desired(let changes):
            guard try desired.withCopy({ (sync) throws(PeerSessionEnd) in try sync.received(changes) }) != nil else {
                throw .violation("the desired set is the hub's")
            }
            return [.deliver(.desired(changes))]
        case .observed(let changes):
            guard try observed.withCopy({ (sync) throws(PeerSessionEnd) in try sync.received(changes) }) != nil else {
                throw .violation("the observed set is the agent's")
            }
            return [.deliver(.observed(changes))]
        case .acknowledge(let acknowledgement):
            try received(acknowledgement)
            return []
        case .streamOpen(let message):
            return try streams.received(message).map(PeerSession.Action.init)
        case .streamOpened(let message):
            return try streams.received(message).map(PeerSession.Action.init)
        case .streamRefused(let message):
            return try streams.received(message).map(PeerSession.Action.init)
        case .streamWindow(let message):
            return try streams.received(message).map(PeerSession.Action.init)
        case .streamClose(let message):
            return try streams.received(message).map(PeerSession.Action.init)
        case .advertise:
            guard agreement.peer.role == .agent else { throw .violation("only agents advertise") }
            return [.deliver(.received(message))]
        case .renew, .renewed, .unsupported:
            return [.deliver(.received(message))]
        case .unknown(let type, _):
            return [.send(.unsupported(UnsupportedMessage(messageType: type)))]
        case .goodbye(let word):
            throw .goodbye(word)
        case .error(let error):
            throw .refusedByPeer(error)
        case .hello, .enroll, .enrolled:
            throw .violation("\(message) in an established session")
        }
    }

    private mutating func received(_ digest: DigestMessage) throws(PeerSessionEnd) {
        let epoch = agreement.epoch
        let taken: Void? =
            switch digest.set {
            case .desired:
                try desired.withOwner { (sync) throws(PeerSessionEnd) in try sync.received(digest, epoch: epoch) }
            case .observed:
                try observed.withOwner { (sync) throws(PeerSessionEnd) in try sync.received(digest, epoch: epoch) }
            }
        if taken == nil { throw .violation("a digest of the \(digest.set.rawValue) set from its owner") }
    }

    private mutating func received(_ acknowledgement: AcknowledgeMessage) throws(PeerSessionEnd) {
        let taken: Void? =
            switch acknowledgement.set {
            case .desired:
                try desired.withOwner { (sync) throws(PeerSessionEnd) in try sync.received(acknowledgement) }
            case .observed:
                try observed.withOwner { (sync) throws(PeerSessionEnd) in try sync.received(acknowledgement) }
            }
        if taken == nil {
            throw .violation("an acknowledgement of the \(acknowledgement.set.rawValue) set by its owner")
        }
    }
}
