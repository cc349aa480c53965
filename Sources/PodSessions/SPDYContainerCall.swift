import ClusterAPI
import HTTPTransport
import JSONTree
import NIOCore

/// The client's end of exec and attach over SPDY (`v4.channel.k8s.io`).
///
/// A stream of the server's ends with a frame that says so, or with a reset: kubelets reset all streams at the end. Over when
/// all of them have.
actor SPDYContainerCall {
    /// Most bytes of the last word.
    private static let longestStatus = 64 << 10

    private let peer: SPDYPeer
    /// The streams in the order in which they are opened; their numbers follow from their places.
    private nonisolated let kinds: [SPDYStreamKind]
    private var decoder: SPDYFrameDecoder
    private var waiting: [ContainerStreams.Output] = []
    private var status: [UInt8] = []
    private var open: Set<SPDYStreamKind>

    init(_ peer: SPDYPeer, for request: ContainerRequest) throws {
        self.peer = peer
        kinds = SPDYStreamKind.all(of: request, subprotocol: ContainerCall.spdySubprotocol)
        open = Set(kinds).subtracting([.standardInput, .resize])
        decoder = try SPDYFrameDecoder()
    }

    func open() async throws {
        let encoder = try SPDYFrameEncoder()
        var frames: [UInt8] = []
        for kind in kinds {
            guard let id = id(kind) else { continue }
            frames += try encoder.encode(
                .synStream(stream: id, headers: ["streamtype": kind.rawValue], isLast: false))
        }
        try await peer.send(ByteBuffer(bytes: frames))
    }

    /// What comes next; `nil` when the server has gone without a last word.
    func next() async throws -> ContainerCall.Answer? {
        while waiting.isEmpty, !open.isEmpty {
            guard let bytes = try await peer.receive() else { break }
            decoder.append(bytes.readableBytesView)
            while let frame = try decoder.next() { try await received(frame) }
        }
        if !waiting.isEmpty { return .output(waiting.removeFirst()) }
        guard !status.isEmpty else { return nil }
        return .status(try JSON(parsing: status))
    }

    nonisolated func send(_ input: ContainerStreams.Input) async throws {
        switch input {
        case .bytes(let bytes): try await send(.standardInput, bytes)
        case .end: try await send(.standardInput, [], isLast: true)
        case .resize(let columns, let rows):
            try await send(.resize, ChannelMessage.encodeSize(columns: columns, rows: rows) + [UInt8(ascii: "\n")])
        }
    }

    private nonisolated func send(_ kind: SPDYStreamKind, _ bytes: [UInt8], isLast: Bool = false) async throws {
        guard let id = id(kind) else { return }
        try await peer.send(id, bytes, isLast: isLast)
    }

    private nonisolated func id(_ kind: SPDYStreamKind) -> UInt32? {
        kinds.firstIndex(of: kind).map { UInt32($0 * 2 + 1) }
    }

    private func kind(_ id: UInt32) -> SPDYStreamKind? { kinds.first { self.id($0) == id } }

    private func received(_ frame: SPDYFrame) async throws {
        switch frame {
        case .data(let id, let bytes, let isLast):
            guard let kind = kind(id) else { return }
            switch kind {
            case .standardOutput: if !bytes.isEmpty { waiting.append(.standardOutput(bytes)) }
            case .standardError: if !bytes.isEmpty { waiting.append(.standardError(bytes)) }
            case .error:
                status += bytes
                guard status.count <= Self.longestStatus else { throw SPDYError("the last word is too long") }
            case .standardInput, .resize: break
            }
            if isLast { open.remove(kind) }
        case .reset(let id, _):
            if let kind = kind(id) { open.remove(kind) }
        // A server's pings have even numbers.
        case .ping(let id) where id % 2 == 0: try await peer.send(ByteBuffer(bytes: SPDYFrameEncoder.ping(id)))
        case .synStream(let id, _, _):
            try await peer.send(ByteBuffer(bytes: SPDYFrameEncoder.reset(stream: id, status: 3)))
        case .synReply, .ping, .goAway, .ignored: break
        }
    }
}
