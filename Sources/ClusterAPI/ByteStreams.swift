/// The client's side of one forwarded connection, as the node sees it. Both ways wait for the other end.
public struct ByteStreams: Sendable {
    /// The client's next bytes, never empty; `nil` when nothing more comes. One task at a time may wait.
    public let receive: @Sendable () async throws -> [UInt8]?
    /// Sends bytes to the client; an empty array says that nothing more comes.
    public let send: @Sendable ([UInt8]) async throws -> Void

    public init(
        receive: @escaping @Sendable () async throws -> [UInt8]?,
        send: @escaping @Sendable ([UInt8]) async throws -> Void
    ) {
        self.receive = receive
        self.send = send
    }
}
