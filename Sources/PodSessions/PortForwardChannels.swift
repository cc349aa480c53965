import ClusterAPI
import HTTPTransport
import KubernetesModel
import NIOCore

/// One client of port-forward over WebSocket channels (`v4.channel.k8s.io`): for each port that its request names one connection,
/// with a channel for data and one for an error.
///
/// A channel begins with its port, two bytes, the lower first. Nobody can say that a direction has ended: the session ends for
/// all ports when the client goes, or when all connections are over.
struct PortForwardChannels: Sendable {
    static let subprotocol = "v4.channel.k8s.io"
    /// A channel's number is a byte.
    static let maxPorts = 127
    /// What a piece that waits costs beside its bytes.
    private static let overhead = 64

    let pod: KubernetesObject
    let endpoint: any NodeEndpoint
    let ports: [Int]

    func run(_ socket: WebSocketConnection) async throws {
        let bytes = ForwardedBytes()
        let connections = ports.indices.map { ForwardedConnection(errorStream: UInt32($0 * 2 + 1)) }
        for (index, port) in ports.enumerated() {
            bytes.open(UInt32(index))
            let announced = [UInt8(truncatingIfNeeded: port), UInt8(truncatingIfNeeded: port >> 8)]
            for channel in [index * 2, index * 2 + 1] { try await Self.send(channel, announced, to: socket) }
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await withDiscardingTaskGroup { group in
                    for (index, connection) in connections.enumerated() {
                        group.addTask { await forward(index, connection, bytes, socket) }
                    }
                }
            }
            group.addTask { await read(socket, connections, bytes) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Until the client is gone.
    private func read(_ socket: WebSocketConnection, _ connections: [ForwardedConnection], _ bytes: ForwardedBytes)
        async
    {
        while let message = try? await socket.receive() {
            let data = Array(message.readableBytesView)
            // What comes on a channel of errors, or on none, is of no interest.
            guard let channel = data.first.map({ Int($0) }), channel % 2 == 0, data.count > 1,
                connections.indices.contains(channel / 2)
            else { continue }
            bytes.came(UInt32(channel / 2), data.count + Self.overhead)
            connections[channel / 2].write(Array(data.dropFirst()))
            await bytes.waitForRoom { connections[Int($0)].reset() }
        }
    }

    private func forward(
        _ index: Int, _ connection: ForwardedConnection, _ bytes: ForwardedBytes, _ socket: WebSocketConnection
    ) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    try await endpoint.forward(
                        pod, port: ports[index],
                        ByteStreams(
                            receive: {
                                guard let data = await connection.next() else { return nil }
                                bytes.taken(UInt32(index), data.count + 1 + Self.overhead)
                                return data
                            },
                            send: { if !$0.isEmpty { try await Self.send(index * 2, $0, to: socket) } }))
                } catch {
                    let words = "error forwarding port \(ports[index]) to pod \(pod.name), uid \(pod.uid): \(error)"
                    // Whoever is gone cannot be told.
                    try? await Self.send(index * 2 + 1, Array(words.utf8), to: socket)
                }
            }
            group.addTask { await connection.waitForReset() }
            await group.next()
            group.cancelAll()
        }
        bytes.close(UInt32(index))
    }

    private static func send(_ channel: Int, _ bytes: [UInt8], to socket: WebSocketConnection) async throws {
        try await socket.send(ByteBuffer(bytes: [UInt8(truncatingIfNeeded: channel)] + bytes))
    }
}
