public import ClusterAPI
public import HTTPTransport
import JSONTree
import NIOCore

/// The client's end of one exec or attach: carries the streams of a program that a server runs.
public struct ContainerCall: Sendable {
    /// What comes from the server.
    enum Answer: Hashable {
        case output(ContainerStreams.Output)
        /// How the program ended; the last that comes.
        case status(JSON)
    }

    /// What comes next; `nil` when the server has gone. One task at a time may wait.
    private let receive: @Sendable () async throws -> Answer?
    private let send: @Sendable (ContainerStreams.Input) async throws -> Void

    /// Over a WebSocket that speaks one of ``ChannelMessage/subprotocols``.
    ///
    /// `v4.channel.k8s.io` cannot say that standard input has ended: a program that waits for its end waits for ever.
    public init(_ socket: WebSocketConnection) {
        let saysEnds = socket.subprotocol == ChannelMessage.subprotocols.first
        receive = {
            while let message = try await socket.receive() {
                switch try ChannelMessage(parsing: message.readableBytesView) {
                // Empty messages tell that the connection stands.
                case .standardOutput(let bytes) where !bytes.isEmpty: return .output(.standardOutput(bytes))
                case .standardError(let bytes) where !bytes.isEmpty: return .output(.standardError(bytes))
                case .status(let bytes) where !bytes.isEmpty: return .status(try JSON(parsing: bytes))
                case .standardInput, .standardOutput, .standardError, .status, .resize, .end: break
                }
            }
            return nil
        }
        send = { input in
            guard saysEnds || input != .end else { return }
            try await socket.send(ByteBuffer(bytes: ChannelMessage(input).encoded))
        }
    }

    /// Over SPDY. Opens the streams of the request.
    ///
    /// - Throws: `HTTPTransportError`, `SPDYError`.
    public init(_ peer: SPDYPeer, for request: ContainerRequest) async throws {
        let streams = try SPDYContainerCall(peer, for: request)
        try await streams.open()
        receive = { try await streams.next() }
        send = { try await streams.send($0) }
    }

    /// What is asked for over SPDY, by the header `X-Stream-Protocol-Version`: older versions do not tell exit statuses.
    public static let spdySubprotocol = "v4.channel.k8s.io"

    /// Carries everything until the program has ended.
    ///
    /// - Returns: the exit status.
    /// - Throws: `APIError` where the program did not run; `ClusterUnreachable` where the server has gone; `CancellationError`
    ///   when the client has gone; what the connection throws.
    public func run(_ client: ContainerStreams) async throws -> Int {
        try await withThrowingTaskGroup(of: Int?.self) { group in
            group.addTask {
                try await carryInput(of: client)
                return nil
            }
            group.addTask { try await carryOutput(to: client) }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                if let ended { return ended }
            }
            throw CancellationError()
        }
    }

    /// Until the server takes no more.
    ///
    /// - Throws: `CancellationError` when the client has gone.
    private func carryInput(of client: ContainerStreams) async throws {
        while let input = try await client.receive() {
            do {
                try await send(input)
            } catch is HTTPTransportError {
                // Whoever reads the output learns why.
                return
            }
        }
        throw CancellationError()
    }

    private func carryOutput(to client: ContainerStreams) async throws -> Int {
        while let answer = try await receive() {
            switch answer {
            case .output(let output): try await client.send(output)
            case .status(let status): return try ContainerStatus.exitCode(status)
            }
        }
        throw ClusterUnreachable("the connection ended before the program in the container did")
    }
}
