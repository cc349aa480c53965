import ClusterAPI
import JSONTree
import KubernetesModel
import PeerTransport
import Sessions
import TestKit
import Testing
import Wire

@testable import Agent

/// Exec, attach and port-forward as an agent serves them, also to hubs that do not keep to the protocol.
@Suite(.timeLimit(.minutes(1))) struct VisitTests {
    private static let wants = Bench.namespace.merging(Bench.pod("p")) { $1 }

    /// A hub that is connected to an edge where its pod `demo/p` runs.
    private func with(
        _ body: (_ edge: TestEdge, _ port: Int, _ node: FakeNode, _ hub: PeerConnection) async throws -> Void
    ) async throws {
        let edge = try await TestEdge()
        let node = FakeNode()
        edge.cluster.base.node = node
        try await edge.run { port in
            let enrolment = try await TestHub().enrol(port, try await edge.token())
            let hub = Conversation(try await TestHub().connect(port, enrolment), wanting: Self.wants)
            try await eventually("the pod is told") { hub.pod("p")?.edgeUID.isEmpty == false }
            try await body(edge, port, node, hub.connection)
        }
    }

    private static func request(_ command: [String], pod: String = "p") -> JSON {
        ContainerStreamRequest(
            pod: .pod("demo", pod), command: command, standardInput: true, standardOutput: true, standardError: true
        ).json
    }

    private func all(_ stream: ContainerRecordStream) async throws -> [ContainerRecord] {
        var records: [ContainerRecord] = []
        while let record = try await stream.receive() { records.append(record) }
        return records
    }

    @Test("a program's streams are carried, and its end is the last record")
    func exec() async throws {
        try await with { _, _, node, hub in
            let exit = ContainerRecordStream(
                try await hub.openStream(kind: StreamKind.exec, parameters: Self.request(["exit", "3"])))
            #expect(try await all(exit) == [.exit(status: 3)])
            let cat = ContainerRecordStream(
                try await hub.openStream(kind: StreamKind.exec, parameters: Self.request(["cat"])))
            try await cat.send(.standardInput([1, 2, 3]))
            #expect(try await cat.receive() == .standardOutput([1, 2, 3]))
            try await cat.send(.resize(columns: 80, rows: 24))
            #expect(try await cat.receive() == .standardError(Array("80x24".utf8)))
            try await cat.send(.endOfInput)
            #expect(try await all(cat) == [.exit(status: 0)])
            let missing = ContainerRecordStream(
                try await hub.openStream(kind: StreamKind.exec, parameters: Self.request(["nope"])))
            let failure = ContainerFailure(
                code: 500, reason: "InternalError",
                message: "Internal error occurred: exec: \"nope\": executable file not found in $PATH")
            #expect(try await all(missing) == [.failure(failure)])
            #expect(node.begun == ["exec demo/p exit 3", "exec demo/p cat", "exec demo/p nope"])
        }
    }

    @Test("a hub cannot reach a pod that is not its own, nor one of the edge's, by any stream")
    func notItsOwn() async throws {
        try await with { edge, port, node, hub in
            _ = try await edge.cluster.create(
                .pods,
                KubernetesObject(.pods, name: "own", namespace: "demo", ["spec": ["containers": [["name": "c"]]]]))
            let other = TestHub(id: "hub-2", name: "sky")
            let enrolment = try await other.enrol(port, try await edge.token())
            let stranger = Conversation(try await other.connect(port, enrolment), wanting: [:]).connection
            for (asking, pod) in [(stranger, "p"), (hub, "own"), (stranger, "own")] {
                for kind in [StreamKind.exec, StreamKind.attach, StreamKind.forward] {
                    var parameters = Self.request(kind == StreamKind.exec ? ["exit", "0"] : [], pod: pod)
                    if kind == StreamKind.forward { parameters = ForwardRequest(pod: .pod("demo", pod), port: 80).json }
                    let refusal = await #expect(throws: StreamError.self) {
                        _ = try await asking.openStream(kind: kind, parameters: parameters)
                    }
                    #expect(refusal?.reason == "NotFound" && refusal?.message == "rome runs no pod demo/\(pod)")
                }
            }
            #expect(node.begun.isEmpty)
            await stranger.close()
        }
    }

    @Test(
        "parameters that are wrong are refused by name, and start nothing",
        arguments: [
            (StreamKind.exec, ["pod": "Pod/demo/p", "stdout": true], "command"),
            (StreamKind.attach, ["pod": "Pod/demo/p", "stdout": true, "command": ["sh"]], "command"),
            (StreamKind.exec, ["pod": "Pod/demo/p", "command": ["sh"]], "stdin"), (StreamKind.attach, [:], "pod"),
            (StreamKind.forward, ["pod": "Pod/demo/p", "port": 0], "port"),
        ] as [(String, JSON, String)])
    func wrongParameters(_ kind: String, _ parameters: JSON, _ field: String) async throws {
        try await with { _, _, node, hub in
            let refusal = await #expect(throws: StreamError.self) {
                _ = try await hub.openStream(kind: kind, parameters: parameters)
            }
            #expect(refusal?.reason == "BadRequest" && refusal?.message.hasPrefix("parameters.\(field):") == true)
            #expect(node.begun.isEmpty)
        }
    }

    @Test(
        "a hub that sends no records, or the agent's own, loses the stream and nothing else",
        arguments: [
            [9, 9, 9], [0, 0, 1, 0, 1], ContainerRecord.standardOutput([1]).encoded,
            ContainerRecord.exit(status: 0).encoded,
        ] as [[UInt8]])
    func brokenRecords(_ bytes: [UInt8]) async throws {
        try await with { _, _, node, hub in
            let stream = try await hub.openStream(kind: StreamKind.exec, parameters: Self.request(["cat"]))
            try await stream.write(bytes)
            let error = await #expect(throws: StreamError.self) { while try await stream.read() != nil {} }
            #expect(error?.code == .failed && error?.message.contains("a record") == true)
            try await eventually("the program is ended") { node.cancelled == 1 }
            let next = ContainerRecordStream(
                try await hub.openStream(kind: StreamKind.exec, parameters: Self.request(["exit", "1"])))
            #expect(try await all(next) == [.exit(status: 1)])
        }
    }

    @Test("what hangs is ended when the hub gives it up, and when the connection is lost")
    func givenUp() async throws {
        try await with { _, _, node, hub in
            let program = try await hub.openStream(kind: StreamKind.exec, parameters: Self.request(["hang"]))
            let port = try await hub.openStream(
                kind: StreamKind.forward, parameters: ForwardRequest(pod: .pod("demo", "p"), port: 83).json)
            try await eventually("both run") { node.begun.count == 2 }
            program.cancel("the client is gone")
            try await eventually("the program is ended") { node.cancelled == 1 }
            port.cancel("the client is gone")
            try await eventually("the connection is ended") { node.cancelled == 2 }
            let last = try await hub.openStream(kind: StreamKind.exec, parameters: Self.request(["hang"]))
            try await eventually("it runs") { node.begun.count == 3 }
            await hub.close()
            try await eventually("it is ended") { node.cancelled == 3 }
            await #expect(throws: StreamError.self) { _ = try await last.read() }
        }
    }
}
