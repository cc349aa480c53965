/// The client's side of a program that runs in a container, as the node sees it: what it types, and where output goes.
///
/// Both ways wait for the other end: `send` returns when the client has room for more, and what the client sends is taken
/// only as `receive` is called. The node's task is cancelled when the client goes.
public struct ContainerStreams: Sendable {
    /// What comes from the client.
    public enum Input: Sendable, Hashable {
        /// Bytes for standard input; never empty.
        case bytes([UInt8])
        /// Nothing more comes for standard input. Sizes may still come.
        case end
        /// The client's terminal has this size now.
        case resize(columns: Int, rows: Int)
    }

    /// What goes to the client.
    public enum Output: Sendable, Hashable {
        /// Also what a terminal shows, where there is one.
        case standardOutput([UInt8])
        case standardError([UInt8])
    }

    /// The client's next input; `nil` when the client is gone. One task at a time may wait.
    public let receive: @Sendable () async throws -> Input?
    /// Sends output; from any number of tasks.
    public let send: @Sendable (Output) async throws -> Void

    public init(
        receive: @escaping @Sendable () async throws -> Input?, send: @escaping @Sendable (Output) async throws -> Void
    ) {
        self.receive = receive
        self.send = send
    }
}
