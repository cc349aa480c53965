import Testing

@testable import PodRecords

@Suite struct RestartBackOffTests {
    static let second = 1_000_000_000

    @Test("the first restart is immediate, later ones wait 10 s doubling to 5 min")
    func doubles() {
        var backOff = RestartBackOff()
        var now = 1_000 * Self.second
        var waits: [Int] = []
        for _ in 0..<8 {
            let ended = now
            let start = backOff.earliestStart(afterEnd: ended)
            waits.append((start - ended) / Self.second)
            backOff.restarted(afterEnd: ended, at: start)
            now = start + Self.second
        }
        #expect(waits == [0, 10, 20, 40, 80, 160, 300, 300])
    }

    @Test("a run of more than ten minutes is forgiven")
    func forgets() {
        var backOff = RestartBackOff(delay: 300 * Self.second, restartedAt: 0)
        let ended = 601 * Self.second
        #expect(backOff.earliestStart(afterEnd: ended) == ended)
        backOff.restarted(afterEnd: ended, at: ended)
        #expect(backOff.delay == 10 * Self.second)
    }
}
