import CLinuxShims
public import ClusterAPI
import Glibc
import PodHost
import PodRecords

extension ProcessRuntime {
    public func exec(uid: String, _ request: ContainerRequest, _ client: ContainerStreams) async throws -> Int {
        let folder = try folder(of: uid, running: request.container)
        return try await Self.execute(configuration.supervisor, folder, request, client)
    }

    /// The folder of a pod in which this container runs.
    func folder(of uid: String, running container: String) throws(PodRuntimeError) -> PodFolder {
        guard let entry = entries[uid] else {
            throw PodRuntimeError(.noSuchPod, "the pod is not known to its node yet; try again")
        }
        guard entry.isSupervised, status(uid: uid)?[container]?.state.isRunning == true else {
            throw PodRuntimeError(.noSuchContainer, "container not found (\"\(container)\")")
        }
        return entry.folder
    }

    @concurrent
    private static func execute(
        _ supervisor: String, _ folder: PodFolder, _ request: ContainerRequest, _ client: ContainerStreams
    ) async throws -> Int {
        let streams: ExecStreams
        do throws(SystemError) { streams = try ExecStreams(request) } catch {
            throw PodRuntimeError(.notStarted, "\(error)")
        }
        let started = Result {
            try PodVisit.start(
                supervisor,
                ["--exec", folder.path, request.container, request.terminal ? "terminal" : "plain"] + request.command,
                streams: streams.program)
        }
        streams.closeProgramEnds()
        let visit = try started.get()
        defer { visit.end() }
        return try await withThrowingTaskGroup(of: String.self) { group in
            group.addTask {
                try await streams.carryInput(from: client)
                throw CancellationError()
            }
            group.addTask {
                async let output: Void = streams.carryOutput(to: client)
                let word = try await visit.word()
                try await output
                return word
            }
            defer { group.cancelAll() }
            return try exitStatus(try await group.next() ?? "")
        }
    }

    private static func exitStatus(_ word: String) throws(PodRuntimeError) -> Int {
        let parts = word.split(separator: " ", maxSplits: 1)
        if parts.count == 2, let number = Int(parts[1]) {
            if parts[0] == "code" { return number }
            if parts[0] == "signal" { return min(255, 128 + number) }
        }
        throw PodRuntimeError(.notStarted, word.isEmpty ? "the program's visit to the pod was cut short" : word)
    }

    // MARK: - Connections

    public func forward(uid: String, port: Int, _ client: ByteStreams) async throws {
        guard let entry = entries[uid], entry.isSupervised else {
            throw PodRuntimeError(.noSuchPod, "the pod is not running")
        }
        try await Self.carry(try await Self.connect(configuration.supervisor, entry.folder, port), client)
    }

    @concurrent
    private static func connect(_ supervisor: String, _ folder: PodFolder, _ port: Int) async throws -> AsyncDescriptor
    {
        let visit = try PodVisit.start(supervisor, ["--connect", folder.path, "\(port)"], streams: [-1, -1, -1])
        defer { visit.end() }
        let (socket, word) = try await visit.socket.receiveDescriptor()
        if let socket { return socket }
        throw PodRuntimeError(
            .notConnected,
            "failed to connect to localhost:\(port) inside the pod's namespace: \(word + (try await visit.word()))")
    }

    @concurrent
    private static func carry(_ socket: AsyncDescriptor, _ client: ByteStreams) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                while let bytes = try await client.receive() { try await socket.write(bytes) }
                socket.finishWriting()
            }
            group.addTask {
                while let bytes = try await socket.read() { try await client.send(bytes) }
                try await client.send([])
            }
            // The first to fail ends the other.
            for try await _ in group {}
        }
    }
}
