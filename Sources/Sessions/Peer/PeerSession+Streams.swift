public import JSONTree
import Wire

extension PeerSession {
    /// Asks the peer for a stream.
    ///
    /// - Parameter spare: streams that must stay free for others.
    /// - Throws: ``StreamError`` where no session is established or too many streams are.
    public mutating func openStream(
        kind: String, parameters: JSON, leaving spare: Int = 0
    ) throws(StreamError) -> (id: UInt32, actions: [Action]) {
        let opened = try withEstablished { (established) throws(StreamError) in
            try established.streams.open(kind: kind, parameters: parameters, leaving: spare)
        }
        guard let opened else { throw StreamError(.closed, "there is no session with the peer") }
        return (opened.id, [.send(opened.message)])
    }

    public mutating func acceptStream(_ id: UInt32) -> [Action] {
        withEstablished { $0.streams.accept(id).map(Action.init) } ?? []
    }

    public mutating func refuseStream(_ id: UInt32, code: String, message: String) -> [Action] {
        withEstablished { $0.streams.refuse(id, code: code, message: message).map(Action.init) } ?? []
    }

    /// - Returns: whether the stream takes the bytes.
    public mutating func writeStream(_ id: UInt32, _ bytes: ArraySlice<UInt8>) -> Bool {
        withEstablished { $0.streams.write(id, bytes) } ?? false
    }

    public mutating func finishStream(_ id: UInt32) { withEstablished { $0.streams.finish(id) } }

    public mutating func cancelStream(_ id: UInt32, error: String) -> [Action] {
        withEstablished { $0.streams.cancel(id, error: error).map(Action.init) } ?? []
    }

    public mutating func dropStream(_ id: UInt32, error: String) -> [Action] {
        withEstablished { $0.streams.drop(id, error: error).map(Action.init) } ?? []
    }

    public mutating func consumedStream(_ id: UInt32, bytes: Int) -> [Action] {
        withEstablished { $0.streams.consumed(id, bytes: bytes).map(Action.init) } ?? []
    }
}
