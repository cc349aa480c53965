import NIOCore
import NIOEmbedded
import Testing

@testable import TLSTransport

@Suite struct PendingWritesTests {
    @Test("flushed writes become one message with one promise; later ones stay")
    func oneMessage() throws {
        let loop = EmbeddedEventLoop()
        let promises = (0..<4).map { _ in loop.makePromise(of: Void.self) }
        var writes = PendingWrites()
        for (index, text) in ["a", "bc", "", "later"].enumerated() {
            if index == 3 { writes.flush() }
            writes.append(ByteBuffer(string: text), promises[index])
        }
        let flushed = writes.takeFlushed()
        let taken = try #require(flushed)
        #expect(String(buffer: taken.message) == "abc")
        taken.promise?.succeed()
        for promise in promises[..<3] { try promise.futureResult.wait() }
        #expect(writes.takeFlushed() == nil)
        writes.flush()
        let flushedLater = writes.takeFlushed()
        let last = try #require(flushedLater)
        #expect(String(buffer: last.message) == "later")
        last.promise?.succeed()
        try promises[3].futureResult.wait()
    }

    @Test("a promise behind a write without one is kept")
    func promiseBehindNone() throws {
        let promise = EmbeddedEventLoop().makePromise(of: Void.self)
        var writes = PendingWrites()
        writes.append(ByteBuffer(string: "a"), nil)
        writes.append(ByteBuffer(string: "b"), promise)
        writes.flush()
        let taken = writes.takeFlushed()
        #expect(taken != nil)
        taken?.promise?.succeed()
        try promise.futureResult.wait()
    }
}
