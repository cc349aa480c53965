import Enrolment
import Testing

@testable import Agent

@Suite("Whether a hub is heard") struct HubHearingTests {
    private func at(_ seconds: Int) -> HeardMark { HeardMark(boot: "a", uptime: seconds * 1000, time: seconds) }

    @Test("a connected hub is heard, a suspect or lost one is not, from when it was heard last")
    func silence() {
        var hearing = HubHearing()
        // The first look begins the time where nothing was saved.
        #expect(hearing.silence(at: at(100)) == .zero)
        #expect(hearing.silence(at: at(103)) == .seconds(3))
        hearing.connected()
        hearing.informed()
        #expect(hearing.silence(at: at(104)) == .zero)
        #expect(hearing.silence(at: at(200)) == .zero)
        hearing.suspected(after: .milliseconds(2500))
        #expect(hearing.silence(at: at(203)) == .milliseconds(5500))
        hearing.recovered()
        #expect(hearing.silence(at: at(204)) == .zero)
        hearing.suspected(after: .seconds(2))
        hearing.lost()
        #expect(hearing.silence(at: at(264)) == .seconds(62))
        #expect(hearing.mark == at(202))
        // What was said twice counts once.
        hearing.suspected(after: .seconds(2))
        #expect(hearing.mark == at(202))
    }

    @Test("a hub that was away for long is heard only once it has said what it wants")
    func informed() {
        var hearing = HubHearing(mark: at(100))
        #expect(hearing.silence(at: at(130)) == .seconds(30))
        hearing.connected()
        #expect(hearing.silence(at: at(131)) == .seconds(31))
        hearing.informed()
        #expect(hearing.silence(at: at(132)) == .zero)
        // What was said on an earlier connection does not count for the next one.
        hearing.lost()
        hearing.informed()
        #expect(hearing.silence(at: at(150)) == .seconds(18))
        hearing.connected()
        #expect(hearing.silence(at: at(151)) == .seconds(19))
    }

    @Test("a connection that is made anew at once is heard at once, however much the hub has to say")
    func quick() {
        var hearing = HubHearing(mark: at(100))
        hearing.connected()
        #expect(hearing.silence(at: at(103)) == .zero)
        #expect(hearing.silence(at: at(107)) == .zero)
        #expect(hearing.silence(at: at(200)) == .seconds(93))
    }
}
