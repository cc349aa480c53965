import Testing

@testable import ClusterAPI

@Suite struct EventAllowanceTests {
    /// How many of thirty events an object may have at a time.
    private func taken(_ allowance: inout EventAllowance, _ object: String, now: Int) -> Int {
        (0..<30).reduce(0) { count, _ in count + (allowance.take(object, now: now) ? 1 : 0) }
    }

    @Test("an object has a burst of events, then one in five minutes; others are not touched by that")
    func burst() {
        var allowance = EventAllowance()
        #expect(taken(&allowance, "a", now: 1000) == 25)
        #expect(taken(&allowance, "b", now: 1000) == 25)
        #expect(taken(&allowance, "a", now: 1299) == 0)
        #expect(taken(&allowance, "a", now: 1300) == 1)
        // A clock that is set back gives nothing.
        #expect(taken(&allowance, "a", now: 0) == 0)
        #expect(taken(&allowance, "a", now: 1_000_000) == 25)
    }

    @Test("whoever has used up what it had is remembered, however many others there are")
    func bounded() {
        var allowance = EventAllowance()
        while allowance.take("loud", now: 0) {}
        var refused = 0
        for number in 0..<20_000 where !allowance.take("pod-\(number)", now: 0) { refused += 1 }
        let isLoudAllowed = allowance.take("loud", now: 0)
        #expect(refused == 0 && !isLoudAllowed)
    }
}
