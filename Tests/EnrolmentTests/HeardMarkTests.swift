import Testing

@testable import Enrolment

@Suite struct HeardMarkTests {
    struct Trial: Sendable {
        let now: HeardMark
        let silence: Duration
    }

    @Test(
        "silence goes by the clock since boot, and over a boot by whichever clock says more",
        arguments: [
            Trial(now: HeardMark(boot: "a", uptime: 100_000, time: 5000), silence: .zero),
            Trial(now: HeardMark(boot: "a", uptime: 107_500, time: 5001), silence: .milliseconds(7500)),
            // The wall clock was set, forwards or back.
            Trial(now: HeardMark(boot: "a", uptime: 101_000, time: 9_999_999), silence: .seconds(1)),
            Trial(now: HeardMark(boot: "a", uptime: 101_000, time: 0), silence: .seconds(1)),
            Trial(now: HeardMark(boot: "b", uptime: 20_000, time: 5060), silence: .seconds(60)),
            Trial(now: HeardMark(boot: "b", uptime: 20_000, time: 5010), silence: .seconds(20)),
            Trial(now: HeardMark(boot: "b", uptime: 20_000, time: 0), silence: .seconds(20)),
        ])
    func silence(trial: Trial) {
        let mark = HeardMark(boot: "a", uptime: 100_000, time: 5000)
        #expect(mark.silence(at: trial.now) == trial.silence)
    }
}
