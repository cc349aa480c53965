public import JSONTree
public import Wire

/// What happened to a stream.
public enum StreamEvent: Sendable, Hashable {
    /// The peer asks for a stream: accept or refuse it.
    case requested(StreamRequest)
    /// The stream that this side asked for is there.
    case opened(id: UInt32)
    /// There will be no such stream.
    case refused(StreamRefusedMessage)
    /// Bytes came. Say so when they are used up.
    case data(id: UInt32, ArraySlice<UInt8>)
    /// The peer will send no more; this side still may.
    case ended(id: UInt32)
    /// The stream is over both ways, with an error.
    case failed(id: UInt32, message: String)
}

/// A stream that the peer asks for.
public struct StreamRequest: Sendable, Hashable {
    public var id: UInt32
    public var kind: String
    /// An object.
    public var parameters: JSON

    public init(id: UInt32, kind: String, parameters: JSON) {
        self.id = id
        self.kind = kind
        self.parameters = parameters
    }
}
