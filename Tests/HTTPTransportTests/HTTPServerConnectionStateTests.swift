import NIOCore
import NIOHTTP1
import Testing

@testable import HTTPTransport

@Suite struct HTTPServerConnectionStateTests {
    typealias Input = HTTPServerConnectionState.Input

    static let head = Input.head(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: ["Host": "x"]))
    static let body = Input.body(ByteBuffer(repeating: 0, count: 60))
    static let malformed = Input.malformed(.badRequest, reason: "nonsense")

    static func state() -> HTTPServerConnectionState {
        var configuration = HTTPServerConfiguration()
        configuration.maxBodyBytes = 100
        configuration.maxPipelinedRequests = 2
        return HTTPServerConnectionState(configuration)
    }

    /// The actions that follow from inputs, by name.
    static func run(_ state: inout HTTPServerConnectionState, _ inputs: [Input]) -> [String] {
        var actions: [String] = []
        for input in inputs {
            state.received(input)
            while let action = state.next() {
                switch action {
                case .none: actions.append("none")
                case .awaitBody(let sendContinue): actions.append(sendContinue ? "continue" : "await")
                case .respond(_, let body): actions.append("respond \(body.readableBytes)")
                case .refuse(let status, _): actions.append("refuse \(status.code)")
                }
            }
        }
        return actions
    }

    @Test(
        "inputs lead to actions and phases",
        arguments: [
            ([head], ["await"], HTTPServerConnectionState.Phase.receiving),
            ([head, .end], ["await", "respond 0"], .responding),
            ([head, body, .end], ["await", "none", "respond 60"], .responding),
            ([head, body, body, .end], ["await", "none", "refuse 413"], .lingering),
            ([malformed], ["refuse 400"], .lingering),
            ([head, malformed], ["await", "refuse 400"], .lingering),
            ([head, .end, head, .end], ["await", "respond 0"], .responding),
            ([malformed, head, .end], ["refuse 400"], .lingering),
        ])
    func table(inputs: [Input], actions: [String], phase: HTTPServerConnectionState.Phase) {
        var state = Self.state()
        #expect(Self.run(&state, inputs) == actions)
        #expect(state.phase == phase)
    }

    @Test("what waits behind a response follows when it has ended, and is dropped when it was the last")
    func waiting() {
        var state = Self.state()
        #expect(Self.run(&state, [Self.head, .end, Self.head, Self.body, .end, Self.malformed]).count == 2)
        state.responseEnded(last: false)
        #expect(Self.run(&state, []).isEmpty)
        var actions: [String] = []
        while let action = state.next() { actions.append("\(action)") }
        #expect(actions.count == 3)
        #expect(state.phase == .responding)
        state.responseEnded(last: true)
        #expect(state.phase == .closed)
        if let action = state.next() { Issue.record("unexpected \(action)") }
    }

    @Test("reading pauses while too much waits")
    func pause() {
        var state = Self.state()
        _ = Self.run(&state, [Self.head, .end])
        #expect(state.wantsInput)
        _ = Self.run(&state, [Self.head, .end, Self.head])
        #expect(!state.wantsInput)

        var large = Self.state()
        _ = Self.run(&large, [Self.head, .end, Self.head, Self.body, Self.body])
        #expect(!large.wantsInput)
        large.responseEnded(last: true)
        #expect(large.wantsInput)
    }

    @Test("a deadline in the middle of a request is a refusal")
    func timedOut() {
        var state = Self.state()
        _ = Self.run(&state, [Self.head])
        guard case .refuse(.requestTimeout, _) = state.timedOut("late") else {
            Issue.record("not refused")
            return
        }
        #expect(state.phase == .lingering)
    }
}
