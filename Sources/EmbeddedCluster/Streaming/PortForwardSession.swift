import ClusterAPI
import HTTPTransport
import KubernetesModel
import NIOCore
import Synchronization

/// One client of port-forward: SPDY inside a WebSocket, for each connection a stream of data and one for an error.
struct PortForwardSession: Sendable {
    static let subprotocols = ["SPDY/3.1+portforward.k8s.io"]
    /// Streams that may be open at a time; further ones are refused.
    private static let maxStreams = 512

    let pod: KubernetesObject
    let endpoint: any NodeEndpoint

    func run(_ socket: WebSocketConnection) async throws {
        var decoder = try SPDYFrameDecoder()
        let encoder = try SPDYFrameEncoder()
        let streams = OpenStreams()
        // The error streams that wait for their data streams, by the connection's number.
        var errors: [String: UInt32] = [:]
        func send(_ frame: SPDYFrame) async throws {
            try await socket.send(ByteBuffer(bytes: try encoder.encode(frame)))
        }

        await withDiscardingTaskGroup { group in
            defer { group.cancelAll() }
            do {
                while let message = try await socket.receive() {
                    decoder.append(message.readableBytesView)
                    while let frame = try decoder.next() {
                        switch frame {
                        case .ping(let id): try await send(.ping(id))
                        case .goAway: return
                        case .synReply, .ignored: break
                        case .reset(let id, _): streams[id]?.finish()
                        case .data(let id, let bytes, let isLast):
                            await streams[id]?.write(bytes)
                            if isLast { streams[id]?.finish() }
                        case .synStream(let id, let headers, let isLast):
                            let port = headers["port"].flatMap { Int($0) } ?? 0
                            let number = headers["requestid"] ?? ""
                            guard (1...65535).contains(port), errors.count + streams.count < Self.maxStreams else {
                                try await send(.reset(stream: id, status: 3))
                                continue
                            }
                            try await send(.synReply(stream: id, headers: [:], isLast: false))
                            if headers["streamtype"] == "error" {
                                errors[number] = id
                            } else if let error = errors.removeValue(forKey: number) {
                                let pipe = BytePipe()
                                streams[id] = pipe
                                if isLast { pipe.finish() }
                                group.addTask {
                                    await forward(port, data: id, error: error, pipe, socket)
                                    streams[id] = nil
                                }
                            } else {
                                try await send(.reset(stream: id, status: 1))
                            }
                        }
                    }
                }
            } catch {
                // A client that breaks the protocol, or has gone: the connection ends for both.
            }
        }
    }

    private func forward(
        _ port: Int, data: UInt32, error: UInt32, _ pipe: BytePipe, _ socket: WebSocketConnection
    ) async {
        @Sendable func send(_ stream: UInt32, _ bytes: [UInt8], isLast: Bool) async throws {
            try await socket.send(ByteBuffer(bytes: SPDYFrameEncoder.data(stream: stream, bytes, isLast: isLast)))
        }
        do {
            try await endpoint.forward(
                pod, port: port,
                ByteStreams(receive: { await pipe.read() }, send: { try await send(data, $0, isLast: $0.isEmpty) }))
        } catch let failure {
            let message = "error forwarding port \(port) to pod \(pod.name), uid \(pod.uid): \(failure)"
            try? await send(error, Array(message.utf8), isLast: false)
            try? await send(data, [], isLast: true)
        }
        try? await send(error, [], isLast: true)
    }

    /// The streams of data, shared between the reader and the connections' tasks.
    private final class OpenStreams: Sendable {
        private let pipes = Mutex<[UInt32: BytePipe]>([:])

        var count: Int { pipes.withLock { $0.count } }

        subscript(id: UInt32) -> BytePipe? {
            get { pipes.withLock { $0[id] } }
            set { pipes.withLock { $0[id] = newValue } }
        }
    }
}
