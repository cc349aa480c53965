import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOCore

/// One client of exec or attach: carries its streams to the node, and says at the end how the program ended.
struct ContainerSession: Sendable {
    let pod: KubernetesObject
    let request: ContainerRequest
    let endpoint: any NodeEndpoint
    let isAttach: Bool

    /// Serves a client that speaks ``ChannelMessage``.
    func run(_ socket: WebSocketConnection) async throws {
        let client = ContainerStreams(
            receive: {
                while let message = try await socket.receive() {
                    if let input = try ChannelMessage(parsing: message.readableBytesView).input { return input }
                }
                return nil
            },
            send: { try await Self.send(ChannelMessage($0), to: socket) })
        // An empty message tells that the connection stands.
        try await Self.send(request.standardOutput ? .standardOutput([]) : .status([]), to: socket)
        guard let status = await outcome(client) else { return }
        try await Self.send(.status(status.encoded()), to: socket)
    }

    /// Serves a client that speaks SPDY.
    ///
    /// - Parameter subprotocol: one of ``SPDYContainerStreams/subprotocols``.
    func run(_ peer: SPDYPeer, subprotocol: String) async throws {
        let streams = try SPDYContainerStreams(peer, for: request, subprotocol: subprotocol)
        guard try await streams.open() else { return }
        let client = ContainerStreams(receive: { try await streams.next() }, send: { try await streams.send($0) })
        guard let status = await outcome(client) else { return }
        try await streams.finish(status)
    }

    /// Runs the program.
    ///
    /// - Returns: how it ended; `nil` where the client, whom it would be told, has gone.
    private func outcome(_ client: ContainerStreams) async -> JSON? {
        do {
            guard !isAttach else {
                try await endpoint.attach(pod, request, client)
                return ContainerStatus.encode(exitCode: 0)
            }
            return ContainerStatus.encode(exitCode: try await endpoint.exec(pod, request, client))
        } catch is CancellationError {
            return nil
        } catch let error as APIError {
            return error.status
        } catch is HTTPTransportError {
            return nil
        } catch {
            return APIError.internalError("\(error)").status
        }
    }

    private static func send(_ message: ChannelMessage, to socket: WebSocketConnection) async throws {
        try await socket.send(ByteBuffer(bytes: message.encoded))
    }
}
