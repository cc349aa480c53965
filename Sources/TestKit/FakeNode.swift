public import ClusterAPI
public import KubernetesModel
import Synchronization

/// A node whose containers run a few programs of its own, in memory.
///
/// `exec` knows `exit N`; `cat`, which ends with its input and tells on standard error of sizes; `flood N`, which writes N
/// pieces of 32 KiB; `hang`, which neither reads nor writes; all else is refused as a program that is not there. `attach` is
/// `cat`. A port gives back what comes, but for 81, where nobody listens; 82, which writes without end; and 83, which
/// neither reads nor writes.
public final class FakeNode: NodeEndpoint {
    private struct State {
        var begun: [String] = []
        var cancelled = 0
    }

    private let state = Mutex(State())

    public init() {}

    /// What was run and connected to so far, such as `exec demo/p exit 3`.
    public var begun: [String] { state.withLock { $0.begun } }

    /// How many visits were ended by those who asked for them.
    public var cancelled: Int { state.withLock { $0.cancelled } }

    public func podLogs(_ pod: KubernetesObject, _ options: LogOptions) async throws
        -> AsyncThrowingStream<[UInt8], any Error>
    { AsyncThrowingStream { $0.finish() } }

    public func exec(_ pod: KubernetesObject, _ request: ContainerRequest, _ client: ContainerStreams) async throws
        -> Int
    {
        begin("exec \(pod.namespace)/\(pod.name) \(request.command.joined(separator: " "))")
        let number = request.command.dropFirst().first.flatMap { Int($0) } ?? 0
        switch request.command.first {
        case "exit": return number
        case "cat": try await cat(client)
        case "flood":
            for _ in 0..<number {
                try await counting { try await client.send(.standardOutput([UInt8](repeating: 120, count: 32 << 10))) }
            }
        case "hang": try await hang()
        default:
            throw APIError.internalError("exec: \"\(request.command.first ?? "")\": executable file not found in $PATH")
        }
        return 0
    }

    public func attach(_ pod: KubernetesObject, _ request: ContainerRequest, _ client: ContainerStreams) async throws {
        begin("attach \(pod.namespace)/\(pod.name)")
        try await cat(client)
    }

    public func forward(_ pod: KubernetesObject, port: Int, _ client: ByteStreams) async throws {
        begin("forward \(pod.namespace)/\(pod.name) \(port)")
        switch port {
        case 81: throw APIError(code: 500, reason: .internalError, message: "failed to connect: connection refused")
        case 82:
            while true { try await counting { try await client.send([UInt8](repeating: 120, count: 32 << 10)) } }
        case 83: try await hang()
        default:
            while let bytes = try await counting({ try await client.receive() }) { try await client.send(bytes) }
            try await client.send([])
        }
    }

    private func cat(_ client: ContainerStreams) async throws {
        while let input = try await counting({ try await client.receive() }) {
            switch input {
            case .bytes(let bytes): try await client.send(.standardOutput(bytes))
            case .resize(let columns, let rows): try await client.send(.standardError(Array("\(columns)x\(rows)".utf8)))
            case .end: return
            }
        }
        throw CancellationError()
    }

    private func hang() async throws { try await counting { try await Task.sleep(for: .seconds(60)) } }

    private func begin(_ what: String) { state.withLock { $0.begun.append(what) } }

    private func counting<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            return try await body()
        } catch {
            state.withLock { $0.cancelled += 1 }
            throw error
        }
    }
}
