import Testing

@testable import Enrolment

@Suite struct TokenGuessesTests {
    private let start = ContinuousClock.now

    @Test("ten refusals are free, the next has to wait until the first is a minute old; others are not held up (A3)")
    func window() {
        let guesses = TokenGuesses()
        for second in 0..<10 {
            #expect(guesses.wait(for: "192.0.2.1", now: start + .seconds(second)) == nil)
            guesses.note("192.0.2.1", now: start + .seconds(second))
        }
        #expect(guesses.wait(for: "192.0.2.1", now: start + .seconds(10)) == .seconds(50))
        #expect(guesses.wait(for: "192.0.2.2", now: start + .seconds(10)) == nil)
        #expect(guesses.wait(for: "192.0.2.1", now: start + .seconds(60)) == nil)
    }

    @Test("a million addresses take no more room than a thousand, and share one count then (A10)")
    func bounded() {
        let guesses = TokenGuesses()
        for number in 0..<5000 { guesses.note("10.0.\(number / 256).\(number % 256)", now: start) }
        #expect(guesses.wait(for: "198.51.100.7", now: start) != nil)
        #expect(guesses.wait(for: "198.51.100.7", now: start + .seconds(61)) == nil)
    }
}
