import JSONTree
import Sessions
import Testing
import Wire

struct EnrolmentSessionTests {
    static let request = EnrollMessage(
        tokenID: "id", tokenSecret: "s", certificateRequest: "csr", clusterID: "a", clusterName: "a", role: .hub)
    static let answer = EnrolledMessage(certificateChain: "c", authority: "a", clusterID: "b", clusterName: "b")
    static let refusal = ErrorMessage(code: .tokenRefused, message: "no")

    @Test("the dialler asks once and takes the answer")
    func dialler() {
        var session = EnrolmentDialSession(Self.request)
        #expect(session.start() == .send(.enroll(Self.request)))
        #expect(session.received(.enrolled(Self.answer)) == .complete(Self.answer))
        #expect(session.received(.enrolled(Self.answer)) == .none)
        #expect(session.lost(PeerSessionEnd(.lost, "")) == .none)
    }

    @Test("the dialler gives the refusal on")
    func refused() {
        var session = EnrolmentDialSession(Self.request)
        _ = session.start()
        #expect(session.received(.error(Self.refusal)) == .fail(.refusedByPeer(Self.refusal)))
        #expect(session.received(.enrolled(Self.answer)) == .none)
    }

    @Test("the dialler takes no other message and no loss for an answer")
    func noAnswer() {
        for message in [Message.ping(PingMessage(id: 1)), .enroll(Self.request), .unknown(type: "x", .null)] {
            var session = EnrolmentDialSession(Self.request)
            _ = session.start()
            guard case .fail(let end) = session.received(message) else {
                Issue.record("\(message) was taken")
                continue
            }
            #expect(end.code == .violation)
        }
        var session = EnrolmentDialSession(Self.request)
        _ = session.start()
        let end = PeerSessionEnd(.timeout, "late")
        #expect(session.lost(end) == .fail(end))
    }

    @Test("the listener decides once, and answers once")
    func listener() {
        var session = EnrolmentListenSession()
        #expect(session.received(.enroll(Self.request)) == .decide(Self.request))
        #expect(session.decided(.enrolled(Self.answer)) == .answer(.enrolled(Self.answer)))
        #expect(session.decided(.enrolled(Self.answer)) == .none)
        #expect(session.received(.enroll(Self.request)) == .none)
    }

    @Test("the listener takes nothing but an enrolment, and nothing during it")
    func strict() {
        var session = EnrolmentListenSession()
        guard case .answer(.error(let error)) = session.received(.ping(PingMessage(id: 1))) else {
            Issue.record("a ping was taken")
            return
        }
        #expect(error.code == .certificateRequired)
        session = EnrolmentListenSession()
        _ = session.received(.enroll(Self.request))
        guard case .answer(.error(let second)) = session.received(.enroll(Self.request)) else {
            Issue.record("a second request was taken")
            return
        }
        #expect(second.code == .protocolViolation)
        #expect(session.decided(.enrolled(Self.answer)) == .none, "a decision that comes late is not sent")
        session = EnrolmentListenSession()
        _ = session.received(.enroll(Self.request))
        session.lost()
        #expect(session.decided(.enrolled(Self.answer)) == .none)
    }
}
