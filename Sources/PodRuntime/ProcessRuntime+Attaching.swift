import CLinuxShims
public import ClusterAPI
import Glibc
import PodHost
import PodRecords

extension ProcessRuntime {
    public func attach(uid: String, _ request: ContainerRequest, _ client: ContainerStreams) async throws {
        if let entry = entries[uid],
            let console = entry.plan?.containers.first(where: { $0.name == request.container })?.console
        {
            let run = (status(uid: uid)?[request.container]?.runs ?? 1) - 1
            let seen = entry.seenLogs.bytes(request.container, run: run)
            do {
                return try await Self.attach(to: console, entry.folder, request, seenLog: seen, client)
            } catch let error as PodRuntimeError {
                guard await hasEnded(uid, request.container) else { throw error }
                return try await Self.carry(try rest(of: uid, request, from: seen), client)
            }
        }
        _ = try folder(of: uid, running: request.container)
        // A program with neither standard input nor a terminal: what the client types goes nowhere.
        let options = LogOptions(container: request.container, follow: true, tailLines: 0)
        var streams: [(log: AsyncThrowingStream<[UInt8], any Error>, isError: Bool)] = []
        if request.standardOutput {
            let stream: LogLine.Stream? = request.terminal ? nil : .standardOutput
            streams.append((try logs(uid: uid, options, stream: stream), false))
        }
        if request.standardError { streams.append((try logs(uid: uid, options, stream: .standardError), true)) }
        try await Self.carry(streams, client)
    }

    /// Whether a container without a console to attach to has ended, as its supervisor may be about to tell.
    private func hasEnded(_ uid: String, _ container: String) async -> Bool {
        let changes = broadcast.stream()
        func isOver() -> Bool { status(uid: uid)?[container]?.state.termination != nil }
        if isOver() { return true }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await Task.sleep(for: .seconds(1)) }
            group.addTask { for await changed in changes where changed == uid { return } }
            await group.next()
            group.cancelAll()
        }
        return isOver()
    }

    /// What a client that came a moment too late has missed of a run on a console, where it has shown the log before.
    private func rest(
        of uid: String, _ request: ContainerRequest, from offset: Int
    ) throws(PodRuntimeError) -> [(log: AsyncThrowingStream<[UInt8], any Error>, isError: Bool)] {
        var streams: [(log: AsyncThrowingStream<[UInt8], any Error>, isError: Bool)] = []
        let options = LogOptions(container: request.container)
        if request.standardOutput {
            streams.append((try logs(uid: uid, options, stream: .standardOutput, offset: offset), false))
        }
        if request.standardError {
            streams.append((try logs(uid: uid, options, stream: .standardError, offset: offset), true))
        }
        return streams
    }

    @concurrent
    private static func carry(
        _ streams: [(log: AsyncThrowingStream<[UInt8], any Error>, isError: Bool)], _ client: ContainerStreams
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await withThrowingTaskGroup(of: Void.self) { outputs in
                    for (log, isError) in streams {
                        outputs.addTask {
                            for try await bytes in log {
                                try await client.send(isError ? .standardError(bytes) : .standardOutput(bytes))
                            }
                        }
                    }
                    try await outputs.waitForAll()
                }
            }
            group.addTask { while try await client.receive() != nil {} }
            // The container's end or the client's, whichever comes first.
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    // MARK: - Consoles

    /// How long a client that has said all and does not end the program's input with that still hears the answer.
    private static let lastAnswer = Duration.milliseconds(300)

    /// Attaches to a container's console, through its supervisor.
    @concurrent
    private static func attach(
        to console: ConsolePlan, _ folder: PodFolder, _ request: ContainerRequest, seenLog: Int,
        _ client: ContainerStreams
    ) async throws {
        let (streams, supervisor) = try await join(console, folder, request, seenLog: seenLog)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { [streams] in
                try await streams.carryInput(from: client) {
                    try await supervisor.write([UInt8(ascii: "e")])
                    guard !console.endsWithClient else { return }
                    try await Task.sleep(for: lastAnswer)
                    throw Detached()
                }
                throw CancellationError()
            }
            group.addTask { [streams] in
                try await streams.carryOutput(to: client)
                return true
            }
            // The run's end or the client's, whichever comes first.
            defer { group.cancelAll() }
            do { _ = try await group.next() } catch is Detached {}
        }
    }

    /// A client that has said all it wanted.
    private struct Detached: Error {}

    /// Takes the streams of a console from its supervisor, and the socket to it, whose end means that the client has left.
    private static func join(
        _ console: ConsolePlan, _ folder: PodFolder, _ request: ContainerRequest, seenLog: Int
    ) async throws -> (streams: ExecStreams, supervisor: AsyncDescriptor) {
        let place = Glibc.open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard place >= 0 else { throw PodRuntimeError(.noSuchPod, "the pod is gone") }
        defer { close(place) }
        let socket = causeway_connect_in(place, PodFolder.attachSocket)
        guard socket >= 0 else {
            throw PodRuntimeError(.unavailable, "\(SystemError.last("attach to the pod"))")
        }
        let supervisor = AsyncDescriptor(owning: socket)
        let hasError = request.standardError && !console.isTerminal
        let letters =
            (request.standardInput ? "i" : "") + (request.standardOutput ? "o" : "") + (hasError ? "e" : "")
        try await supervisor.write(Array("\(request.container) \(letters) \(seenLog)\n".utf8))
        func stream(_ isAsked: Bool) async throws -> AsyncDescriptor? {
            guard isAsked else { return nil }
            guard let descriptor = try await supervisor.receiveDescriptor().descriptor else {
                throw PodRuntimeError(.noSuchContainer, "container not found (\"\(request.container)\")")
            }
            return descriptor
        }
        let output = try await stream(request.standardOutput)
        let error = try await stream(hasError)
        let input = try await stream(request.standardInput)
        return (
            ExecStreams(
                input: console.takesInput ? input : nil, output: output, error: error,
                terminal: console.isTerminal ? input : nil),
            supervisor
        )
    }
}
