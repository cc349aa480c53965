import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOCore

/// One client of exec or attach: carries its channels to the node, and says at the end how the program ended.
struct ContainerSession: Sendable {
    let pod: KubernetesObject
    let request: ContainerRequest
    let endpoint: any NodeEndpoint
    let isAttach: Bool

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
        let status: JSON
        do {
            var exitCode = 0
            if isAttach {
                try await endpoint.attach(pod, request, client)
            } else {
                exitCode = try await endpoint.exec(pod, request, client)
            }
            status = Self.status(exitCode)
        } catch is CancellationError {
            return
        } catch let error as APIError {
            status = error.status
        } catch is HTTPTransportError {
            return
        } catch {
            status = APIError.internalError("\(error)").status
        }
        try await Self.send(.status(status.encoded()), to: socket)
    }

    /// As the API server says how a program ended.
    static func status(_ exitCode: Int) -> JSON {
        guard exitCode != 0 else { return ["metadata": [:], "status": "Success"] }
        let cause: JSON = ["reason": "ExitCode", "message": .string("\(exitCode)")]
        return [
            "metadata": [:], "status": "Failure",
            "message": .string(
                "command terminated with non-zero exit code: command terminated with exit code \(exitCode)"),
            "reason": "NonZeroExitCode", "details": ["causes": [cause]],
        ]
    }

    private static func send(_ message: ChannelMessage, to socket: WebSocketConnection) async throws {
        try await socket.send(ByteBuffer(bytes: message.encoded))
    }
}
