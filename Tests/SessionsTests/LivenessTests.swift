import Sessions
import Testing

struct LivenessTests {
    static let timings = LivenessTimings()

    /// What happens when `check` is called at each deadline until `end`.
    static func run(_ liveness: inout Liveness, until end: Duration, hears: [Duration] = []) -> [String] {
        var log: [String] = []
        var hears = hears
        while liveness.deadline <= end {
            let now = liveness.deadline
            while let first = hears.first, first <= now {
                hears.removeFirst()
                if liveness.heard(first) { log.append("\(first.milliseconds) recovered") }
            }
            guard liveness.deadline <= now else { continue }
            let verdict = liveness.check(now)
            if verdict.suspectFor != nil { log.append("\(now.milliseconds) suspect") }
            if verdict.ping != nil { log.append("\(now.milliseconds) ping") }
            if verdict.deadFor != nil { return log + ["\(now.milliseconds) dead"] }
        }
        return log
    }

    @Test("the hub pings each second; silence makes suspect after 2.5 s and ends after 3.5 s (F2)")
    func hub() {
        var liveness = Liveness(Self.timings, pingsAlways: true, now: .zero)
        #expect(
            Self.run(&liveness, until: .seconds(10)) == [
                "1000 ping", "2000 ping", "2500 suspect", "3000 ping", "3500 dead",
            ])
    }

    @Test("an agent that says something is not made to ping")
    func agent() {
        var liveness = Liveness(Self.timings, pingsAlways: false, now: .zero)
        liveness.spoke(.milliseconds(900))
        #expect(liveness.deadline == .milliseconds(2400))
        #expect(Self.run(&liveness, until: .milliseconds(3000)) == ["2400 ping", "2500 suspect"])
    }

    @Test("a suspect peer recovers with its next bytes")
    func recovery() {
        var liveness = Liveness(Self.timings, pingsAlways: true, now: .zero)
        let log = Self.run(&liveness, until: .milliseconds(5000), hears: [.milliseconds(2800)])
        #expect(
            log == [
                "1000 ping", "2000 ping", "2500 suspect", "2800 recovered", "3000 ping", "4000 ping", "5000 ping",
            ])
    }

    @Test("round trips are smoothed, and long ones stretch the patience (F3)")
    func slowNetwork() {
        var liveness = Liveness(Self.timings, pingsAlways: true, now: .zero)
        let ping = liveness.ping(.zero)
        #expect(liveness.pong(99, .seconds(1)) == nil)
        #expect(liveness.pong(ping, .seconds(3)) == .seconds(3))
        #expect(liveness.roundTripTime == .seconds(3))
        #expect(liveness.pong(ping, .seconds(3)) == nil, "one pong a ping")
        _ = liveness.heard(.seconds(3))
        #expect(Self.run(&liveness, until: .seconds(30)).last == "12000 dead")
        let next = liveness.ping(.seconds(20))
        _ = liveness.pong(next, .seconds(21))
        #expect(liveness.roundTripTime == .milliseconds(2750))
    }

    @Test("time in which this process did not run proves nothing (F9)")
    func stall() {
        var liveness = Liveness(Self.timings, pingsAlways: true, now: .zero)
        let verdict = liveness.check(.seconds(60))
        #expect(verdict.deadFor == nil)
        #expect(verdict.ping != nil)
        #expect(Self.run(&liveness, until: .seconds(70)).last == "62500 dead")
    }

    @Test("the wait doubles with jitter up to its maximum, and starts anew after a success")
    func backoff() {
        var backoff = Backoff(base: .milliseconds(100), maximum: .milliseconds(1000), eagerAttempts: 0)
        #expect((0..<6).map { _ in backoff.next(random: 1).milliseconds } == [100, 200, 400, 800, 1000, 1000])
        #expect(backoff.next(random: 0).milliseconds == 500)
        for _ in 0..<100 { _ = backoff.next(random: 0.5) }
        #expect(backoff.next(random: 7).milliseconds == 1000)
        backoff.reset()
        #expect(backoff.next(random: 0).milliseconds == 50)
    }

    @Test("a peer that is back before it counts as disconnected is dialled within half a second")
    func eagerness() {
        var backoff = Backoff()
        var silence = Duration.zero
        while silence < LivenessTimings().deadAfter {
            let wait = backoff.next(random: 1)
            #expect(wait <= .milliseconds(500))
            silence += wait
        }
        for _ in 0..<20 { _ = backoff.next(random: 1) }
        #expect(backoff.next(random: 1) == .seconds(10))
        // However long it has been away: it is the others that make it wait.
        for (crowd, wait) in [(1, 1), (100, 1), (500, 5), (1000, 10), (100_000, 10)] {
            #expect(backoff.next(random: 1, crowd: crowd) == .seconds(wait))
        }
    }
}

extension Duration {
    var milliseconds: Int { Int(self / .milliseconds(1)) }
}
