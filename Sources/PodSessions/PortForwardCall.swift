public import ClusterAPI
import HTTPTransport
import KubernetesModel
import NIOCore

/// The client's end of one forwarded connection over SPDY: a stream of data and one for an error.
public struct PortForwardCall: Sendable {
    /// What is asked for over SPDY, by the header `X-Stream-Protocol-Version`.
    public static let subprotocol = "portforward.k8s.io"

    private static let errorStream: UInt32 = 1
    private static let dataStream: UInt32 = 3
    /// Most bytes of an error.
    private static let longestError = 64 << 10

    private let peer: SPDYPeer
    private let port: Int

    public init(_ peer: SPDYPeer, port: Int) {
        self.peer = peer
        self.port = port
    }

    /// Carries bytes both ways until the server has ended the connection.
    ///
    /// - Throws: `APIError` in the server's words where it could not connect; `ClusterUnreachable` where it has gone; what the
    ///   connection throws.
    public func run(_ client: ByteStreams) async throws {
        let encoder = try SPDYFrameEncoder()
        var frames: [UInt8] = []
        // The client has nothing to say on the stream of errors.
        for (id, type) in [(Self.errorStream, "error"), (Self.dataStream, "data")] {
            frames += try encoder.encode(
                .synStream(
                    stream: id, headers: ["streamtype": type, "port": "\(port)", "requestid": "0"],
                    isLast: id == Self.errorStream))
        }
        try await peer.send(ByteBuffer(bytes: frames))
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                do {
                    while let bytes = try await client.receive() { try await peer.send(Self.dataStream, bytes) }
                    try await peer.send(Self.dataStream, [], isLast: true)
                } catch is HTTPTransportError {
                    // Whoever reads learns why.
                }
                return false
            }
            group.addTask {
                try await carryOutput(to: client)
                return true
            }
            defer { group.cancelAll() }
            while let isOver = try await group.next(), !isOver {}
        }
    }

    private func carryOutput(to client: ByteStreams) async throws {
        var decoder = try SPDYFrameDecoder()
        var open: Set<UInt32> = [Self.errorStream, Self.dataStream]
        var error: [UInt8] = []
        while !open.isEmpty {
            guard let bytes = try await peer.receive() else {
                throw ClusterUnreachable("the connection to port \(port) of the pod was cut off")
            }
            decoder.append(bytes.readableBytesView)
            while let frame = try decoder.next() {
                var ended: UInt32?
                switch frame {
                case .data(Self.dataStream, let bytes, let isLast):
                    if !bytes.isEmpty { try await client.send(bytes) }
                    if isLast { ended = Self.dataStream }
                case .data(Self.errorStream, let bytes, let isLast):
                    error += bytes
                    guard error.count <= Self.longestError else { throw SPDYError("an error is too long") }
                    if isLast { ended = Self.errorStream }
                case .reset(let id, _): ended = id
                // A server's pings have even numbers.
                case .ping(let id) where id % 2 == 0: try await peer.send(ByteBuffer(bytes: SPDYFrameEncoder.ping(id)))
                case .synStream(let id, _, _):
                    try await peer.send(ByteBuffer(bytes: SPDYFrameEncoder.reset(stream: id, status: 3)))
                case .data, .synReply, .ping, .goAway, .ignored: break
                }
                guard let ended, open.remove(ended) != nil else { continue }
                if ended == Self.dataStream, error.isEmpty { try await client.send([]) }
            }
        }
        guard error.isEmpty else {
            throw APIError(
                code: 500, reason: .internalError, message: String(decoding: error, as: UTF8.self))
        }
    }
}
