import ClusterAPI
import JSONTree
import PodRecords
import Synchronization
import TestKit
import Testing

@testable import PodRuntime

/// Containers with a standard input or a terminal, and the clients that attach to them.
@Suite(.serialized) struct AttachTests {
    private static func withPod(
        _ fields: JSON, policy: String = "Never", script: String,
        _ body: @Sendable @escaping (ProcessRuntime) async throws -> Void
    ) async throws {
        try await RuntimeFixture.with(usesHostNetwork: true) { fixture in
            try await fixture.running { runtime in
                try await runtime.ensure(
                    RuntimeFixture.pod(policy: policy, command: ["sh", "-c", script], fields))
                try await RuntimeFixture.wait(runtime, "it runs") { $0.state.isRunning }
                try await body(runtime)
            }
        }
    }

    private static func request(input: Bool = true, terminal: Bool = false) -> ContainerRequest {
        ContainerRequest(
            container: "main", standardInput: input, standardOutput: true, standardError: !terminal,
            terminal: terminal)
    }

    private static func exitCode(_ runtime: ProcessRuntime) async throws -> Int {
        let record = try await RuntimeFixture.wait(runtime, "it ends") { !$0.state.isRunning }
        guard case .terminated(let termination) = record.state else { return -1 }
        return termination.exitCode
    }

    @Test("the first client's input ends the program's, and what was written before it came comes too")
    func once() async throws {
        try await Self.withPod(
            ["stdin": true, "stdinOnce": true], script: "echo before; echo oops >&2; cat; echo after; exit 3"
        ) { runtime in
            let client = RecordingClient([.bytes(Array("typed".utf8)), .bytes(Array(" in\n".utf8)), .end])
            try await runtime.attach(uid: "uid-web", Self.request(), client.streams)
            #expect(client.output.withLock { $0 } == "before\ntyped in\nafter\n")
            #expect(client.error.withLock { $0 } == "oops\n")
            #expect(try await Self.exitCode(runtime) == 3)
            let log = try await runtime.logs(uid: "uid-web", LogOptions(container: "main"))
            let text = try await RuntimeFixture.text(log)
            #expect(text.split(separator: "\n").sorted() == ["after", "before", "oops", "typed in"])
        }
    }

    @Test("a client that leaves ends the input that is there once, and the program goes on")
    func leaving() async throws {
        try await Self.withPod(["stdin": true, "stdinOnce": true], script: "cat; exit 5") { runtime in
            let client = RecordingClient([.bytes(Array("x".utf8))])
            let attached = Task { try await runtime.attach(uid: "uid-web", Self.request(), client.streams) }
            try await eventually("it answers") { client.output.withLock { $0 == "x" } }
            client.input.finish()
            let result = await attached.result
            #expect(throws: CancellationError.self) { try result.get() }
            #expect(try await Self.exitCode(runtime) == 5)
        }
    }

    @Test("an input that stays takes one client after the other, each of whom hears the answer")
    func again() async throws {
        try await Self.withPod(["stdin": true], script: "while read line; do echo got $line; done") { runtime in
            for number in 1...2 {
                let client = RecordingClient([.bytes(Array("\(number)\n".utf8)), .end])
                try await runtime.attach(uid: "uid-web", Self.request(), client.streams)
                #expect(client.output.withLock { $0 } == "got \(number)\n")
            }
            #expect(await runtime.status(uid: "uid-web")?["main"]?.state.isRunning == true)
        }
    }

    @Test("a terminal has the client's size, echoes, interrupts, and its log is what it showed")
    func terminal() async throws {
        let script =
            "trap 'echo int; exit 7' INT; while [ \"$(stty size)\" != '45 123' ]; do sleep 0.05; done; "
            + "echo $TERM; while :; do read line; echo got $line; done"
        try await Self.withPod(["stdin": true, "stdinOnce": true, "tty": true], script: script) { runtime in
            let client = RecordingClient([.resize(columns: 123, rows: 45)])
            let attached = Task {
                try await runtime.attach(uid: "uid-web", Self.request(terminal: true), client.streams)
            }
            try await eventually("it starts") { client.output.withLock { $0 == "xterm\r\n" } }
            client.input.yield(.bytes(Array("hi\r".utf8)))
            try await eventually("it answers") { client.output.withLock { $0 == "xterm\r\nhi\r\ngot hi\r\n" } }
            client.input.yield(.bytes([3]))
            try await attached.value
            #expect(client.output.withLock { $0 }.hasSuffix("^Cint\r\n"))
            #expect(try await Self.exitCode(runtime) == 7)
        }
    }

    @Test("a terminal works, and programs can open more, where a container leaves its last words in /dev")
    func coveredDevices() async throws {
        let script = "tty; exec 3<>/dev/ptmx && echo opened; read line; exit 8"
        let fields: JSON = ["stdin": true, "tty": true, "terminationMessagePath": "/dev/termination-log"]
        try await Self.withPod(fields, script: script) { runtime in
            let client = RecordingClient([.bytes(Array("\r".utf8))])
            try await runtime.attach(uid: "uid-web", Self.request(terminal: true), client.streams)
            let shown = client.output.withLock { $0 }
            #expect(shown.contains("/dev/pts/") && shown.contains("opened\r\n"), "\(shown)")
            #expect(try await Self.exitCode(runtime) == 8)
        }
    }

    @Test("the end of a client's input is the end of what its terminal reads")
    func endOfTerminal() async throws {
        try await Self.withPod(["stdin": true, "stdinOnce": true, "tty": true], script: "cat; exit 6") { runtime in
            let client = RecordingClient([.bytes(Array("a\r".utf8)), .end])
            try await runtime.attach(uid: "uid-web", Self.request(terminal: true), client.streams)
            #expect(try await Self.exitCode(runtime) == 6)
        }
    }

    @Test("a client that types and does not read loses nothing, and another that only watches is not held up")
    func slow() async throws {
        let script = "read line; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo done"
        try await Self.withPod(["stdin": true, "stdinOnce": true], script: script) { runtime in
            let gate = AsyncStream<Void>.makeStream()
            let client = RecordingClient([.bytes(Array("go\n".utf8))])
            let slow = ContainerStreams(
                receive: client.streams.receive,
                send: { output in
                    for await _ in gate.stream {}
                    try await client.streams.send(output)
                })
            async let attached: Void = runtime.attach(uid: "uid-web", Self.request(), slow)
            let watcher = RecordingClient()
            let watching = Task {
                try await runtime.attach(uid: "uid-web", Self.request(input: false), watcher.streams)
            }
            try await eventually("some of it is seen") { watcher.output.withLock { $0.count > 50_000 } }
            #expect(await runtime.status(uid: "uid-web")?["main"]?.state.isRunning == true)
            gate.continuation.finish()
            try await attached
            try await watching.value
            #expect(client.output.withLock { $0.utf8.count } == 3_000_006)
            #expect(client.output.withLock { $0.hasSuffix("x\ndone\n") })
            #expect(watcher.output.withLock { $0.utf8.count } == 3_000_006)
        }
    }

    @Test("a client that has shown the log before it attaches sees nothing twice and misses nothing")
    func afterLog() async throws {
        let script = "echo shown; printf 'a prompt: '; read line; echo $line"
        try await Self.withPod(["stdin": true, "stdinOnce": true], script: script) { runtime in
            try await eventually("the log has begun") {
                let log = try await runtime.logs(uid: "uid-web", LogOptions(container: "main"))
                return try await RuntimeFixture.text(log) == "shown\n"
            }
            let client = RecordingClient([.bytes(Array("yes\n".utf8))])
            try await runtime.attach(uid: "uid-web", Self.request(), client.streams)
            #expect(client.output.withLock { $0 } == "a prompt: yes\n")
        }
    }

    @Test("a client that comes just after the end gets what the log it has shown did not have")
    func late() async throws {
        let script = "echo one; echo two >&2; read line; echo three"
        try await Self.withPod(["stdin": true], script: script) { runtime in
            try await eventually("the log has begun") {
                let log = try await runtime.logs(uid: "uid-web", LogOptions(container: "main"))
                return try await RuntimeFixture.text(log).count == 8
            }
            let client = RecordingClient([.bytes(Array("\n".utf8))])
            try await runtime.attach(uid: "uid-web", Self.request(), client.streams)
            let late = RecordingClient()
            try await runtime.attach(uid: "uid-web", Self.request(), late.streams)
            #expect(late.output.withLock { $0 } == "three\n")
            #expect(late.error.withLock { $0 } == "")
        }
    }

    @Test("a daemon that comes back finds the console, and a client sees the next run after a restart")
    func restarts() async throws {
        try await RuntimeFixture.with(usesHostNetwork: true) { fixture in
            try await fixture.running { runtime in
                try await runtime.ensure(
                    RuntimeFixture.pod(command: ["sh", "-c", "read x; echo $x; exit 1"], ["stdin": true]))
                try await RuntimeFixture.wait(runtime, "it runs") { $0.state.isRunning }
            }
            try await fixture.running { runtime in
                let client = RecordingClient([.bytes(Array("first\n".utf8))])
                try await runtime.attach(uid: "uid-web", Self.request(), client.streams)
                #expect(client.output.withLock { $0 } == "first\n")
                try await RuntimeFixture.wait(runtime, "it runs again") { $0.state.isRunning && $0.restartCount == 1 }
                let second = RecordingClient([.bytes(Array("second\n".utf8))])
                try await runtime.attach(uid: "uid-web", Self.request(), second.streams)
                #expect(second.output.withLock { $0 } == "second\n")
            }
        }
    }
}
