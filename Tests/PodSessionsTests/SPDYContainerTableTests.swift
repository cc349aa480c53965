import ClusterAPI
import HTTPTransport
import Testing

@testable import PodSessions

struct SPDYContainerTableTests {
    private static let request = ContainerRequest(
        container: "c", command: ["sh"], standardInput: true, standardOutput: true, terminal: true)

    private static func open(_ id: UInt32, _ type: String, isLast: Bool = false) -> SPDYFrame {
        .synStream(stream: id, headers: ["streamtype": type], isLast: isLast)
    }

    private static func reply(_ id: UInt32) -> SPDYContainerTable.Action {
        .answer(.synReply(stream: id, headers: [:], isLast: false))
    }

    /// A table whose streams are error 1, stdin 3, stdout 5 and resize 7.
    private static func complete() throws -> SPDYContainerTable {
        var table = SPDYContainerTable(SPDYStreamKind.all(of: request, subprotocol: "v4.channel.k8s.io"))
        for (id, type) in [(1, "error"), (3, "stdin"), (5, "stdout"), (7, "resize")] as [(UInt32, String)] {
            #expect(!table.isComplete)
            #expect(try table.received(open(id, type)) == reply(id))
        }
        #expect(table.isComplete)
        return table
    }

    @Test("the streams of a request are those that it wants, and sizes are known from v3 on")
    func wanted() {
        var request = ContainerRequest(container: "c", standardOutput: true, standardError: true)
        #expect(
            SPDYStreamKind.all(of: request, subprotocol: "v4.channel.k8s.io")
                == [.error, .standardOutput, .standardError])
        request.terminal = true
        #expect(SPDYStreamKind.all(of: request, subprotocol: "v3.channel.k8s.io").contains(.resize))
        #expect(!SPDYStreamKind.all(of: request, subprotocol: "v2.channel.k8s.io").contains(.resize))
    }

    @Test("input is bytes and their end; whatever comes behind the end is dropped")
    func input() throws {
        var table = try Self.complete()
        #expect(try table.received(.data(stream: 3, bytes: [1, 2], isLast: false)) == .input([.bytes([1, 2])]))
        #expect(try table.received(.data(stream: 3, bytes: [3], isLast: true)) == .input([.bytes([3]), .end]))
        #expect(try table.received(.data(stream: 3, bytes: [4], isLast: false)) == .none)
        #expect(try table.received(.reset(stream: 3, status: 5)) == .none)
        var other = try Self.complete()
        #expect(try other.received(.reset(stream: 3, status: 5)) == .input([.end]))
    }

    @Test("sizes may come in pieces, and of several at once the last one counts")
    func sizes() throws {
        var table = try Self.complete()
        func size(_ text: String) -> SPDYFrame { .data(stream: 7, bytes: Array(text.utf8), isLast: false) }
        #expect(try table.received(size(#"{"Width":80,"#)) == .input([]))
        #expect(
            try table.received(size("\"Height\":24}\n{\"Width\":1,\"Height\":2}\n"))
                == .input([.resize(columns: 1, rows: 2)]))
        #expect(try table.received(size("{\"Width\":7,\"Height\":8}\n")) == .input([.resize(columns: 7, rows: 8)]))
    }

    @Test("pings come back, other frames change nothing, and a goodbye is one")
    func others() throws {
        var table = try Self.complete()
        #expect(try table.received(.ping(5)) == .answer(.ping(5)))
        #expect(try table.received(.ignored) == .none)
        #expect(try table.received(.data(stream: 5, bytes: [1], isLast: true)) == .none)
        #expect(try table.received(.data(stream: 99, bytes: [1], isLast: true)) == .none)
        #expect(try table.received(.goAway) == .gone)
    }

    @Test(
        "streams that are not wanted, not known or there already are refused", arguments: ["stderr", "other", "stdin"])
    func refused(type: String) throws {
        var table = try Self.complete()
        #expect(try table.received(Self.open(9, type)) == .answer(.reset(stream: 9, status: 3)))
    }

    @Test(
        "what breaks the protocol is an error",
        arguments: [
            open(7, "stdin"), open(8, "stdin"), .data(stream: 7, bytes: Array("{}\n".utf8), isLast: false),
            .data(stream: 7, bytes: [UInt8](repeating: 65, count: 1000), isLast: false),
            .data(stream: 7, bytes: [UInt8](repeating: 65, count: 1000) + [10], isLast: false),
        ])
    func broken(frame: SPDYFrame) throws {
        var table = try Self.complete()
        #expect(throws: SPDYError.self) { _ = try table.received(frame) }
    }
}
