import ClusterAPI
import Glibc
import JSONTree
import PodRecords
import Synchronization
import TestKit
import Testing

@testable import PodRuntime

@Suite(.serialized) struct ExecTests {
    private static func withPod(
        usesHostNetwork: Bool = false, command: [String] = ["sleep", "1000"],
        _ body: @Sendable @escaping (ProcessRuntime) async throws -> Void
    ) async throws {
        try await RuntimeFixture.with(usesHostNetwork: usesHostNetwork) { fixture in
            try await fixture.running { runtime in
                try await runtime.ensure(
                    RuntimeFixture.pod(command: command, ["env": [["name": "NAME", "value": "value"]]]))
                try await RuntimeFixture.wait(runtime, "it runs") { $0.state.isRunning }
                try await body(runtime)
            }
        }
    }

    private static func request(_ command: [String], input: Bool = false, terminal: Bool = false) -> ContainerRequest {
        ContainerRequest(
            container: "main", command: command, standardInput: input, standardOutput: true, standardError: !terminal,
            terminal: terminal)
    }

    @Test(
        "a program runs with the container's environment in the pod, and its exit status comes back",
        arguments: [false, true])
    func runs(usesHostNetwork: Bool) async throws {
        try await Self.withPod(usesHostNetwork: usesHostNetwork) { runtime in
            let client = RecordingClient([.bytes(Array("typed\n".utf8)), .end])
            let code = try await runtime.exec(
                uid: "uid-web", Self.request(["sh", "-c", "cat; echo $NAME; pwd; echo oops >&2; exit 3"], input: true),
                client.streams)
            #expect(code == 3)
            #expect(client.output.withLock { $0 } == "typed\nvalue\n/\n")
            #expect(client.error.withLock { $0 } == "oops\n")
        }
    }

    @Test("a program that is killed by a signal ends with 128 and its number")
    func signalled() async throws {
        try await Self.withPod { runtime in
            let client = RecordingClient()
            let code = try await runtime.exec(
                uid: "uid-web", Self.request(["sh", "-c", "kill -TERM $$"]), client.streams)
            #expect(code == 143)
        }
    }

    @Test("a terminal has the size that the client says")
    func terminal() async throws {
        try await Self.withPod { runtime in
            let client = RecordingClient([.resize(columns: 123, rows: 45)])
            let shell = "while [ \"$(stty size)\" != '45 123' ]; do sleep 0.05; done; test -t 0 && stty size; exit 4"
            let code = try await runtime.exec(
                uid: "uid-web", Self.request(["sh", "-c", shell], input: true, terminal: true), client.streams)
            #expect(code == 4)
            #expect(client.output.withLock { $0 } == "45 123\r\n")
        }
    }

    private static func failure(_ body: () async throws -> Int) async -> PodRuntimeError? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? PodRuntimeError
        }
    }

    @Test("a program that is missing, or a container that does not run, is said so")
    func missing() async throws {
        try await Self.withPod { runtime in
            let client = RecordingClient()
            let unknown = await Self.failure {
                try await runtime.exec(uid: "uid-web", Self.request(["no-such-program"]), client.streams)
            }
            #expect(unknown?.message == "exec: \"no-such-program\": executable file not found in $PATH")
            var request = Self.request(["true"])
            request.container = "other"
            let other = request
            let absent = await Self.failure { try await runtime.exec(uid: "uid-web", other, client.streams) }
            #expect(absent?.message == "container not found (\"other\")")
            #expect(absent?.code == .noSuchContainer)
        }
    }

    @Test("a program ends with its client, and with its container", arguments: [false, true])
    func ends(withContainer: Bool) async throws {
        try await Self.withPod { runtime in
            let client = RecordingClient()
            let running = Task {
                try await runtime.exec(
                    uid: "uid-web", Self.request(["sh", "-c", "echo $$; sleep 1000"], input: true), client.streams)
            }
            try await eventually("it runs") { client.output.withLock { $0.hasSuffix("\n") } }
            if withContainer {
                try await runtime.stop(uid: "uid-web", gracePeriodSeconds: 0)
                let code = try await running.value
                #expect(code == 137)
            } else {
                client.input.finish()
                let result = await running.result
                #expect(throws: CancellationError.self) { try result.get() }
            }
        }
    }

    @Test("what is written while a client is attached comes to it, each stream to its own")
    func attach() async throws {
        let loop = "while sleep 0.05; do echo out; echo err >&2; [ -e /tmp/never ] && exit; done"
        try await Self.withPod(command: ["sh", "-c", loop]) { runtime in
            let client = RecordingClient()
            let request = Self.request([])
            async let result: Void = runtime.attach(uid: "uid-web", request, client.streams)
            try await eventually("output comes") {
                client.output.withLock { $0.contains("out\n") } && client.error.withLock { $0.contains("err\n") }
            }
            #expect(client.output.withLock { !$0.contains("err") })
            try await runtime.stop(uid: "uid-web", gracePeriodSeconds: 0)
            try await result
        }
    }
}
