import JSONTree
import Sessions
import Testing
import Wire

struct StreamMultiplexerTests {
    static let limits = SessionLimits(streams: 4, streamWindow: 100, streamChunk: 30)

    /// A hub with one open stream, whose peer granted `window` bytes.
    static func opened(window: Int = 100) throws -> (StreamMultiplexer, UInt32) {
        var streams = StreamMultiplexer(role: .hub, limits: limits)
        let (id, _) = try streams.open(kind: "logs", parameters: .null)
        _ = try streams.received(StreamOpenedMessage(id: id, window: window))
        return (streams, id)
    }

    static func drain(_ streams: inout StreamMultiplexer) -> [String] {
        var log: [String] = []
        while let output = streams.nextOutput() {
            switch output {
            case .data(let id, let bytes): log.append("\(id):\(bytes.count)")
            case .message(let message): log.append(message.type)
            }
        }
        return log
    }

    @Test("a hub's streams are odd, an agent's even, and never used again")
    func ids() throws {
        var hub = StreamMultiplexer(role: .hub)
        var agent = StreamMultiplexer(role: .agent)
        #expect(try [hub.open(kind: "a", parameters: .null).id, hub.open(kind: "a", parameters: .null).id] == [1, 3])
        #expect(try agent.open(kind: "a", parameters: .null).id == 2)
        let request = try hub.received(StreamOpenMessage(id: 2, kind: "a", window: 5))
        #expect(request == [.deliver(.requested(StreamRequest(id: 2, kind: "a", parameters: .object(JSONObject()))))])
        #expect(throws: PeerSessionEnd.self) { try hub.received(StreamOpenMessage(id: 2, kind: "a", window: 5)) }
        #expect(throws: PeerSessionEnd.self) { try hub.received(StreamOpenMessage(id: 5, kind: "a", window: 5)) }
    }

    @Test("no more is sent than was granted, and the rest with the next grant")
    func window() throws {
        var (streams, id) = try Self.opened(window: 70)
        #expect(streams.write(id, ArraySlice([UInt8](repeating: 1, count: 100))) == true)
        #expect(Self.drain(&streams) == ["1:30", "1:30", "1:10"])
        _ = try streams.received(StreamWindowMessage(id: id, bytes: 10))
        #expect(Self.drain(&streams) == ["1:10"])
        streams.finish(id)
        #expect(Self.drain(&streams).isEmpty)
        #expect(streams.write(id, [1]) == false)
        _ = try streams.received(StreamWindowMessage(id: id, bytes: 1000))
        #expect(Self.drain(&streams) == ["1:20", "stream.close"])
        #expect(throws: PeerSessionEnd.self) {
            try streams.received(StreamWindowMessage(id: id, bytes: Int(Int32.max)))
        }
    }

    @Test("streams take turns, and one without credit holds up nobody")
    func turns() throws {
        var streams = StreamMultiplexer(role: .hub, limits: Self.limits)
        for window in [100, 0, 100] {
            let (id, _) = try streams.open(kind: "logs", parameters: .null)
            _ = try streams.received(StreamOpenedMessage(id: id, window: window))
            _ = streams.write(id, ArraySlice([UInt8](repeating: 1, count: 60)))
        }
        #expect(Self.drain(&streams) == ["1:30", "5:30", "1:30", "5:30"])
    }

    @Test("what is read is granted anew in quarters of the window; what is not read is not")
    func grants() throws {
        var (streams, id) = try Self.opened()
        _ = try streams.received(id, ArraySlice([UInt8](repeating: 1, count: 60)))
        #expect(streams.consumed(id, bytes: 24).isEmpty)
        #expect(
            streams.consumed(id, bytes: 36) == [.send(.streamWindow(StreamWindowMessage(id: id, bytes: 60)))])
        _ = try streams.received(id, ArraySlice([UInt8](repeating: 1, count: 100)))
        let error = #expect(throws: PeerSessionEnd.self) { try streams.received(id, [1]) }
        #expect(error?.code == .limit)
    }

    @Test("each direction ends on its own, and the stream with the second")
    func halves() throws {
        var (streams, id) = try Self.opened()
        #expect(try streams.received(StreamCloseMessage(id: id)) == [.deliver(.ended(id: id))])
        #expect(throws: PeerSessionEnd.self) { try streams.received(id, [1]) }
        #expect(streams.write(id, [1, 2]) == true)
        streams.finish(id)
        #expect(Self.drain(&streams) == ["1:2", "stream.close"])
        #expect(streams.count == 0)
        // Late words about a stream that was there are no offence.
        #expect(try streams.received(StreamWindowMessage(id: id, bytes: 5)).isEmpty)
        #expect(try streams.received(id, [1]).isEmpty)
        #expect(throws: PeerSessionEnd.self) { try streams.received(3, [1]) }
        #expect(throws: PeerSessionEnd.self) { try streams.received(StreamCloseMessage(id: 2)) }
    }

    @Test("what was written and finished goes out though nobody uses the stream any more, then it ends both ways")
    func drops() throws {
        var (streams, id) = try Self.opened(window: 30)
        #expect(streams.write(id, ArraySlice([UInt8](repeating: 1, count: 50))) == true)
        streams.finish(id)
        #expect(streams.drop(id, error: "gone").isEmpty)
        #expect(Self.drain(&streams) == ["1:30"])
        _ = try streams.received(id, [1])
        _ = try streams.received(StreamWindowMessage(id: id, bytes: 30))
        #expect(streams.nextOutput() == .data(id: id, ArraySlice([UInt8](repeating: 1, count: 20))))
        #expect(streams.nextOutput() == .message(.streamClose(StreamCloseMessage(id: id))))
        #expect(streams.nextOutput() == .message(.streamClose(StreamCloseMessage(id: id, error: "gone"))))
        #expect(streams.nextOutput() == nil)
        #expect(streams.count == 0)
    }

    @Test("a stream that is dropped before its end is broken off at once; one whose peer has ended just ends")
    func dropsAtOnce() throws {
        var (streams, id) = try Self.opened()
        _ = streams.write(id, [1])
        #expect(
            streams.drop(id, error: "gone") == [.send(.streamClose(StreamCloseMessage(id: id, error: "gone")))])
        #expect(streams.nextOutput() == nil)
        (streams, id) = try Self.opened()
        _ = streams.write(id, [1])
        streams.finish(id)
        _ = streams.drop(id, error: "gone")
        _ = try streams.received(StreamCloseMessage(id: id))
        #expect(Self.drain(&streams) == ["1:1", "stream.close"])
        #expect(streams.count == 0)
    }

    @Test("an error ends both directions at once, on both sides")
    func errors() throws {
        var (streams, id) = try Self.opened()
        _ = streams.write(id, [1])
        #expect(
            streams.cancel(id, error: "no") == [.send(.streamClose(StreamCloseMessage(id: id, error: "no")))])
        #expect(Self.drain(&streams).isEmpty)
        #expect(streams.cancel(id, error: "no").isEmpty)
        (streams, id) = try Self.opened()
        #expect(
            try streams.received(StreamCloseMessage(id: id, error: "x"))
                == [.deliver(.failed(id: id, message: "x"))])
        #expect(streams.count == 0)
    }

    @Test("whoever accepts a request that the peer has taken back is told so, and the peer is told nothing")
    func lateAcceptance() throws {
        var streams = StreamMultiplexer(role: .hub, limits: Self.limits)
        _ = try streams.received(StreamOpenMessage(id: 2, kind: "exec", window: 50))
        _ = try streams.received(StreamCloseMessage(id: 2, error: "not wanted any more"))
        #expect(
            streams.accept(2)
                == [.deliver(.failed(id: 2, message: "the peer has gone before the stream was accepted"))])
        #expect(streams.count == 0)
        #expect(streams.accept(4).isEmpty && streams.accept(1).isEmpty, "those that never were")
    }

    @Test("a request cannot be ended well before it is accepted: its user would never hear of it")
    func earlyEnd() throws {
        var streams = StreamMultiplexer(role: .hub, limits: Self.limits)
        _ = try streams.received(StreamOpenMessage(id: 2, kind: "exec", window: 50))
        #expect(throws: PeerSessionEnd.self) { try streams.received(StreamCloseMessage(id: 2)) }
    }

    @Test("a request is accepted or refused once")
    func requests() throws {
        var streams = StreamMultiplexer(role: .hub, limits: Self.limits)
        _ = try streams.received(StreamOpenMessage(id: 2, kind: "a", window: 50))
        _ = try streams.received(StreamOpenMessage(id: 4, kind: "a", window: 50))
        #expect(throws: PeerSessionEnd.self) { try streams.received(2, [1]) }
        #expect(streams.accept(2) == [.send(.streamOpened(StreamOpenedMessage(id: 2, window: 100)))])
        #expect(streams.accept(2).isEmpty)
        #expect(streams.refuse(2, code: "a", message: "").isEmpty)
        #expect(streams.refuse(4, code: "a", message: "").count == 1)
        #expect(streams.count == 1)
        #expect(try streams.received(2, [1]).count == 1)
    }

    @Test("what this side asked for comes or is refused, once")
    func answers() throws {
        var streams = StreamMultiplexer(role: .hub, limits: Self.limits)
        let (id, _) = try streams.open(kind: "a", parameters: .null)
        #expect(throws: PeerSessionEnd.self) { try streams.received(id, [1]) }
        let refusal = StreamRefusedMessage(id: id, code: "NotFound", message: "")
        #expect(try streams.received(refusal) == [.deliver(.refused(refusal))])
        #expect(try streams.received(refusal).isEmpty)
        let (second, _) = try streams.open(kind: "a", parameters: .null)
        _ = try streams.received(StreamOpenedMessage(id: second, window: 1))
        #expect(throws: PeerSessionEnd.self) { try streams.received(StreamOpenedMessage(id: second, window: 1)) }
        #expect(throws: PeerSessionEnd.self) {
            try streams.received(StreamRefusedMessage(id: second, code: "", message: ""))
        }
    }

    @Test("streams beyond the limit are refused on both sides")
    func limit() throws {
        var streams = StreamMultiplexer(role: .hub, limits: Self.limits)
        for _ in 0..<4 { _ = try streams.open(kind: "a", parameters: .null) }
        #expect(throws: StreamError.self) { try streams.open(kind: "a", parameters: .null) }
        guard
            case .send(.streamRefused(let refusal))? = try streams.received(
                StreamOpenMessage(id: 2, kind: "a", window: 1)
            ).first
        else {
            Issue.record("it was taken")
            return
        }
        #expect(refusal.code == "TooManyStreams")
    }
}
