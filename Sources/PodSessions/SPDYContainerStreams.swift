import ClusterAPI
import HTTPTransport
import JSONTree
import NIOCore

/// The server's end of exec and attach over SPDY: a stream for each of the program's, one for sizes, one for how it ended.
///
/// What the client sends is read only as it is asked for, so pings of a client whose program takes no input wait, too.
actor SPDYContainerStreams {
    /// The best first. They differ in the last word: a `Status` in `v4`, a text before. `v2` has no sizes.
    static let subprotocols = ["v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io"]

    /// Most bytes of input that may come before all streams are there: nobody takes them so far.
    private static let earlyInput = 1 << 20

    private let peer: SPDYPeer
    private let hasStatus: Bool
    private var table: SPDYContainerTable
    private var decoder: SPDYFrameDecoder
    private let encoder: SPDYFrameEncoder
    private var waiting: [ContainerStreams.Input] = []

    init(_ peer: SPDYPeer, for request: ContainerRequest, subprotocol: String) throws {
        self.peer = peer
        hasStatus = subprotocol == Self.subprotocols.first
        table = SPDYContainerTable(SPDYStreamKind.all(of: request, subprotocol: subprotocol))
        decoder = try SPDYFrameDecoder()
        encoder = try SPDYFrameEncoder()
    }

    /// Waits until the client has opened all its streams.
    ///
    /// - Parameter patience: how long it may take; kubelets give as much.
    /// - Returns: whether it has; `false` where it has gone.
    /// - Throws: `SPDYError`, also where it takes too long.
    func open(within patience: Duration = .seconds(30)) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                while await !self.table.isComplete {
                    guard try await self.advance() else { return false }
                    guard await self.waitingBytes <= Self.earlyInput else {
                        throw SPDYError("too much input comes before its program's streams")
                    }
                }
                return true
            }
            group.addTask {
                try await Task.sleep(for: patience)
                throw SPDYError("the client has not opened its streams within \(patience)")
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }

    /// The client's next input; `nil` when it has gone. One task at a time may wait.
    func next() async throws -> ContainerStreams.Input? {
        while waiting.isEmpty {
            guard try await advance() else { return nil }
        }
        return waiting.removeFirst()
    }

    /// Sends output; of a stream that the client has not, nothing.
    func send(_ output: ContainerStreams.Output) async throws {
        switch output {
        case .standardOutput(let bytes): try await send(.standardOutput, bytes)
        case .standardError(let bytes): try await send(.standardError, bytes)
        }
    }

    /// Ends all streams with how the program ended.
    func finish(_ status: JSON) async throws {
        try await send(.standardOutput, [], isLast: true)
        try await send(.standardError, [], isLast: true)
        var word = status.encoded()
        if !hasStatus {
            word = status["status"]?.string == "Success" ? [] : Array((status["message"]?.string ?? "it failed").utf8)
        }
        try await send(.error, word, isLast: true)
    }

    private var waitingBytes: Int {
        waiting.reduce(0) { if case .bytes(let bytes) = $1 { $0 + bytes.count } else { $0 } }
    }

    private func send(_ kind: SPDYStreamKind, _ bytes: [UInt8], isLast: Bool = false) async throws {
        guard let id = table[kind], !bytes.isEmpty || isLast else { return }
        try await peer.send(id, bytes, isLast: isLast)
    }

    /// Takes what comes next from the client.
    ///
    /// - Returns: whether the client is still there.
    private func advance() async throws -> Bool {
        guard let bytes = try await peer.receive() else { return false }
        decoder.append(bytes.readableBytesView)
        while let frame = try decoder.next() {
            switch try table.received(frame) {
            case .none: break
            // In the order of the frames: the blocks of headers depend on each other.
            case .answer(let answer): try await peer.send(ByteBuffer(bytes: try encoder.encode(answer)))
            case .input(let input): waiting += input
            case .gone: return false
            }
        }
        return true
    }
}
