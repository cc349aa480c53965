import PeerTransport
import Testing

@testable import Enrolment

@Suite struct TokenGuessesTests {
    private let start = ContinuousClock.now

    @Test("ten refusals are free, the next has to wait until the first is a minute old; others are not held up (A3)")
    func window() {
        let guesses = TokenGuesses<CallerNetwork>()
        let (one, other) = (CallerNetwork("192.0.2.1"), CallerNetwork("192.0.2.2"))
        for second in 0..<10 {
            #expect(guesses.wait(for: one, now: start + .seconds(second)) == nil)
            guesses.note(one, now: start + .seconds(second))
        }
        #expect(guesses.wait(for: one, now: start + .seconds(10)) == .seconds(50))
        #expect(guesses.wait(for: other, now: start + .seconds(10)) == nil)
        #expect(guesses.wait(for: one, now: start + .seconds(60)) == nil)
    }

    @Test("a hundred thousand addresses take no more room than a thousand, and share one count then (A10)")
    func bounded() {
        let guesses = TokenGuesses<Int>()
        for number in 0..<100_000 { guesses.note(number, now: start) }
        #expect(guesses.count <= 1001)
        #expect(guesses.wait(for: -1, now: start) != nil)
        #expect(guesses.wait(for: -1, now: start + .seconds(61)) == nil)
        guesses.note(-1, now: start + .seconds(61))
        #expect(guesses.count == 1)
    }
}
