import ClusterAPI
import HTTPTransport
import KubernetesModel
import NIOCore
import Synchronization

/// One client of port-forward over SPDY: for each connection a stream of data and one for an error.
struct PortForwardSession: Sendable {
    /// Streams that may be open at a time; further ones are refused.
    static let maxStreams = 1024
    /// What a piece that waits costs beside its bytes.
    private static let overhead = 64

    let pod: KubernetesObject
    let endpoint: any NodeEndpoint
    let bytes: ForwardedBytes

    private let connections = Connections()

    init(pod: KubernetesObject, endpoint: any NodeEndpoint, bytes: ForwardedBytes = ForwardedBytes()) {
        self.pod = pod
        self.endpoint = endpoint
        self.bytes = bytes
    }

    /// Serves the client until it is gone or breaks the protocol; then all its connections end.
    func run(_ client: SPDYPeer) async {
        await withDiscardingTaskGroup { group in
            defer { group.cancelAll() }
            do {
                var decoder = try SPDYFrameDecoder()
                let encoder = try SPDYFrameEncoder()
                // The error streams that wait for their data streams, by the connection's number.
                var errors: [String: UInt32] = [:]
                var last: UInt32 = 0
                while let message = try await client.receive() {
                    decoder.append(message.readableBytesView)
                    while let frame = try decoder.next() {
                        var answer: SPDYFrame?
                        switch frame {
                        case .goAway: return
                        case .synReply, .ignored: break
                        case .ping(let id): answer = .ping(id)
                        case .data(let id, let bytes, let isLast): take(bytes, of: id, isLast: isLast)
                        case .reset(let id, _):
                            connections[id]?.reset()
                            for (number, error) in errors where error == id { errors[number] = nil }
                        case .synStream(let id, let headers, let isLast):
                            // A client's streams have odd numbers that only rise.
                            guard id > last, id % 2 == 1 else { return }
                            last = id
                            answer = open(id, headers, &errors)
                            guard case .synReply? = answer, let connection = connections[id] else { break }
                            if isLast { connection.finish() }
                            group.addTask { await forward(id, connection, headers, client) }
                        }
                        // In the order of the frames: the blocks of headers depend on each other.
                        if let answer { try await client.send(ByteBuffer(bytes: try encoder.encode(answer))) }
                    }
                    await bytes.waitForRoom { connections[$0]?.reset() }
                }
            } catch {
                // A client that breaks the protocol, or has gone: the connection ends for both.
            }
        }
    }

    private func take(_ data: [UInt8], of id: UInt32, isLast: Bool) {
        guard let connection = connections[id] else { return }
        if !data.isEmpty {
            bytes.came(id, data.count + Self.overhead)
            connection.write(data)
        }
        if isLast { connection.finish() }
    }

    // MARK: - Connections

    /// The answer to a new stream; where it is one for data, the connection is among the open ones then.
    private func open(_ id: UInt32, _ headers: [String: String], _ errors: inout [String: UInt32]) -> SPDYFrame {
        let number = headers["requestid"] ?? ""
        guard Self.port(headers) != nil, errors.count + connections.count < Self.maxStreams else {
            return .reset(stream: id, status: 3)
        }
        switch headers["streamtype"] {
        case "error" where errors[number] == nil:
            errors[number] = id
        case "data":
            guard let error = errors.removeValue(forKey: number) else { return .reset(stream: id, status: 1) }
            connections[id] = ForwardedConnection(errorStream: error)
            bytes.open(id)
        default:
            return .reset(stream: id, status: 1)
        }
        return .synReply(stream: id, headers: [:], isLast: false)
    }

    private static func port(_ headers: [String: String]) -> Int? {
        headers["port"].flatMap { Int($0) }.flatMap { (1...65535).contains($0) ? $0 : nil }
    }

    private func forward(
        _ id: UInt32, _ connection: ForwardedConnection, _ headers: [String: String], _ client: SPDYPeer
    ) async {
        let port = Self.port(headers) ?? 0
        let ending = await withTaskGroup(of: Ending.self) { group in
            group.addTask {
                do {
                    try await endpoint.forward(
                        pod, port: port,
                        ByteStreams(
                            receive: {
                                guard let data = await connection.next() else { return nil }
                                bytes.taken(id, data.count + Self.overhead)
                                return data
                            }, send: { try await client.send(id, $0, isLast: $0.isEmpty) }))
                    return .ended
                } catch {
                    return .failed("error forwarding port \(port) to pod \(pod.name), uid \(pod.uid): \(error)")
                }
            }
            group.addTask {
                await connection.waitForReset()
                return .reset
            }
            defer { group.cancelAll() }
            return await group.next() ?? .reset
        }
        connections[id] = nil
        bytes.close(id)
        // Whoever is gone cannot be told.
        switch ending {
        case .ended: break
        case .reset: try? await client.send(ByteBuffer(bytes: SPDYFrameEncoder.reset(stream: id, status: 5)))
        case .failed(let message):
            try? await client.send(connection.errorStream, Array(message.utf8), isLast: false)
            try? await client.send(id, [], isLast: true)
        }
        try? await client.send(connection.errorStream, [], isLast: true)
    }

    private enum Ending {
        case ended, reset
        case failed(String)
    }

    /// The open connections by their streams of data, shared between the reader and the connections' tasks.
    private final class Connections: Sendable {
        private let open = Mutex<[UInt32: ForwardedConnection]>([:])

        var count: Int { open.withLock { $0.count } }

        subscript(id: UInt32) -> ForwardedConnection? {
            get { open.withLock { $0[id] } }
            set { open.withLock { $0[id] = newValue } }
        }
    }
}
