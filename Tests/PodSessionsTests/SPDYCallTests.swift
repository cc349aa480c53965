import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOCore
import Synchronization
import Testing

@testable import PodSessions

/// The client's ends of SPDY sessions, and servers that end in their own way or do not keep to the protocol.
@Suite(.timeLimit(.minutes(1)))
struct SPDYCallTests {
    /// A server that sends these frames and then goes; what it is sent.
    private final class Server: Sendable {
        private let frames: Mutex<[SPDYFrame]>
        private let received = Mutex<[UInt8]>([])
        private let goes: Bool

        init(_ frames: [SPDYFrame], goes: Bool = true) {
            self.frames = Mutex(frames)
            self.goes = goes
        }

        var peer: SPDYPeer {
            SPDYPeer(
                receive: { [goes] in
                    guard let frame = self.frames.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else {
                        if !goes { try await Task.sleep(for: .seconds(60)) }
                        return nil
                    }
                    return ByteBuffer(bytes: try SPDYFrameEncoder().encode(frame))
                },
                send: { bytes in self.received.withLock { $0 += bytes.readableBytesView } })
        }

        /// What it was sent, in order.
        func sent() throws -> [SPDYFrame] {
            var decoder = try SPDYFrameDecoder()
            decoder.append(received.withLock { $0 })
            var result: [SPDYFrame] = []
            while let frame = try decoder.next() { result.append(frame) }
            return result
        }
    }

    private static let request = ContainerRequest(
        container: "c", command: ["cat"], standardInput: true, standardOutput: true, standardError: true)
    private static let success: [UInt8] = Array(#"{"status":"Success"}"#.utf8)

    private static func run(_ server: Server) async throws -> (status: Int, output: [UInt8]) {
        let output = Mutex<[UInt8]>([])
        let status = try await ContainerCall(server.peer, for: request).run(
            ContainerStreams(
                receive: {
                    try await Task.sleep(for: .seconds(60))
                    return nil
                },
                send: { if case .standardOutput(let bytes) = $0 { output.withLock { $0 += bytes } } }))
        return (status, output.withLock { $0 })
    }

    @Test("a node that resets all its streams behind the last word, as kubelets do, has said it")
    func resets() async throws {
        let server = Server(
            [
                .data(stream: 5, bytes: [1, 2], isLast: false), .data(stream: 1, bytes: Self.success, isLast: false),
                .reset(stream: 3, status: 5), .reset(stream: 5, status: 5), .reset(stream: 7, status: 5),
                .reset(stream: 1, status: 5),
            ], goes: false)
        #expect(try await Self.run(server) == (0, [1, 2]))
    }

    @Test("output behind the last word is not lost")
    func order() async throws {
        let server = Server(
            [
                .data(stream: 1, bytes: Self.success, isLast: true), .data(stream: 5, bytes: [1], isLast: true),
                .data(stream: 7, bytes: [], isLast: true),
            ], goes: false)
        #expect(try await Self.run(server) == (0, [1]))
    }

    @Test("all streams are opened first, and pings and streams of the server's answered")
    func opens() async throws {
        let server = Server([
            .ping(2), .ping(3), .synStream(stream: 4, headers: [:], isLast: false),
            .data(stream: 1, bytes: Self.success, isLast: true),
        ])
        _ = try await Self.run(server)
        let types = try server.sent().compactMap { frame in
            if case .synStream(_, let headers, false) = frame { headers["streamtype"] } else { nil }
        }
        #expect(types == ["error", "stdin", "stdout", "stderr"])
        #expect(try server.sent().dropFirst(4) == [.ping(2), .reset(stream: 4, status: 3)])
    }

    @Test("a server that goes without a last word is away, not done")
    func cutShort() async throws {
        for frames in [[], [.data(stream: 1, bytes: [], isLast: true)], [.reset(stream: 1, status: 5)]] as [[SPDYFrame]]
        {
            await #expect(throws: ClusterUnreachable.self) { _ = try await Self.run(Server(frames)) }
        }
    }

    @Test("a last word that is none, or without end, is an error")
    func nonsense() async throws {
        await #expect(throws: JSONError.self) {
            _ = try await Self.run(Server([.data(stream: 1, bytes: [1], isLast: true)]))
        }
        let endless = [SPDYFrame](
            repeating: .data(stream: 1, bytes: [UInt8](repeating: 65, count: 9000), isLast: false), count: 9)
        await #expect(throws: SPDYError.self) { _ = try await Self.run(Server(endless)) }
    }

    private static func forward(_ server: Server) async throws -> [[UInt8]] {
        let output = Mutex<[[UInt8]]>([])
        try await PortForwardCall(server.peer, port: 80).run(
            ByteStreams(receive: { nil }, send: { bytes in output.withLock { $0.append(bytes) } }))
        return output.withLock { $0 }
    }

    @Test("a forwarded connection ends when both its streams have, and its client's end is told")
    func forwarded() async throws {
        let server = Server(
            [
                .data(stream: 3, bytes: [1], isLast: false), .data(stream: 3, bytes: [], isLast: true),
                .data(stream: 1, bytes: [], isLast: true),
            ], goes: false)
        #expect(try await Self.forward(server) == [[1], []])
        #expect(
            try server.sent().first
                == .synStream(
                    stream: 1, headers: ["streamtype": "error", "port": "80", "requestid": "0"], isLast: true))
    }

    @Test("what the server says of a connection that failed is heard, also where it resets both streams behind it")
    func failed() async throws {
        let server = Server(
            [
                .data(stream: 1, bytes: Array("nobody listens".utf8), isLast: false), .reset(stream: 3, status: 5),
                .reset(stream: 1, status: 5),
            ], goes: false)
        let error = try await #require(throws: APIError.self) { _ = try await Self.forward(server) }
        #expect(error.message == "nobody listens")
        await #expect(throws: ClusterUnreachable.self) {
            _ = try await Self.forward(Server([.data(stream: 3, bytes: [1], isLast: false)]))
        }
    }
}
