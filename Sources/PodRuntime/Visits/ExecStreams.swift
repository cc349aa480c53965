import CLinuxShims
import ClusterAPI
import Glibc
import PodHost

/// The streams of a program that runs for a client: pipes, or a terminal.
struct ExecStreams: Sendable {
    /// The program's ends, for descriptors 0 to 2; -1 for none.
    let program: [Int32]
    private let input: AsyncDescriptor?
    private let output: AsyncDescriptor?
    private let error: AsyncDescriptor?
    private let terminal: AsyncDescriptor?

    /// The client's ends of streams that a running program has already.
    ///
    /// - Parameter terminal: the program's, whose size the client may set; usually `input` too.
    init(input: AsyncDescriptor?, output: AsyncDescriptor?, error: AsyncDescriptor?, terminal: AsyncDescriptor?) {
        program = []
        self.input = input
        self.output = output
        self.error = error
        self.terminal = terminal
    }

    init(_ request: ContainerRequest) throws(SystemError) {
        if request.terminal {
            var ends: [Int32] = [-1, -1]
            guard causeway_open_terminal(-1, &ends) == 0 else { throw .last("open a terminal") }
            let screen = AsyncDescriptor(owning: ends[0])
            terminal = screen
            input = request.standardInput ? screen : nil
            output = screen
            error = nil
            program = [ends[1], ends[1], ends[1]]
            return
        }
        terminal = nil
        var made: [Int32] = [-1, -1, -1]
        func pipe(_ number: Int, isAsked: Bool) throws(SystemError) -> AsyncDescriptor? {
            guard isAsked else { return nil }
            var ends: [Int32] = [-1, -1]
            guard causeway_pipe(&ends) == 0 else {
                let failure = SystemError.last("make a pipe")
                for file in made where file >= 0 { close(file) }
                throw failure
            }
            made[number] = number == 0 ? ends[0] : ends[1]
            return AsyncDescriptor(owning: number == 0 ? ends[1] : ends[0])
        }
        input = try pipe(0, isAsked: request.standardInput)
        output = try pipe(1, isAsked: request.standardOutput)
        error = try pipe(2, isAsked: request.standardError)
        program = made
    }

    /// Closes the ends that the program has now.
    func closeProgramEnds() { for file in Set(program) where file >= 0 { close(file) } }

    // MARK: - Carrying

    /// Carries all output to the client until the program, and whoever inherited its streams, has let go of them.
    func carryOutput(to client: ContainerStreams) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            if let output {
                group.addTask {
                    while let bytes = try await output.read() { try await client.send(.standardOutput(bytes)) }
                }
            }
            if let error {
                group.addTask {
                    while let bytes = try await error.read() { try await client.send(.standardError(bytes)) }
                }
            }
            try await group.waitForAll()
        }
    }

    /// What the client sends goes to the program until the client is gone.
    ///
    /// - Parameter ended: called once where the input ends before that, by the client or because the program reads no more.
    func carryInput(from client: ContainerStreams, ended: () async throws -> Void = {}) async throws {
        var takesInput = input != nil
        func stop() async throws {
            guard takesInput else { return }
            takesInput = false
            // A terminal has no end of input of its own, and its output goes on.
            if terminal == nil { input?.close() }
            try await ended()
        }
        while let next = try await client.receive() {
            switch next {
            case .bytes(let bytes):
                guard takesInput else { continue }
                do {
                    try await input?.write(bytes)
                } catch let error as SystemError where error.code == EPIPE || error.code == EIO {
                    // The program has closed its standard input: the rest is of no interest.
                    try await stop()
                }
            case .end:
                try await stop()
            case .resize(let columns, let rows):
                terminal?.resize(columns: columns, rows: rows)
            }
        }
    }
}
