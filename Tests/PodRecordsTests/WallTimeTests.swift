import Testing

@testable import PodRecords

@Suite struct WallTimeTests {
    @Test(
        "times are written and read back",
        arguments: [
            (0, "1970-01-01T00:00:00.000000000Z"), (951_782_400_000_000_001, "2000-02-29T00:00:00.000000001Z"),
            (1_795_252_713_120_000_000, "2026-11-21T09:18:33.120000000Z"), (-1, "1969-12-31T23:59:59.999999999Z"),
        ])
    func roundTrip(nanoseconds: Int, text: String) {
        #expect(WallTime(nanoseconds: nanoseconds).precise == text)
        #expect(WallTime(text) == WallTime(nanoseconds: nanoseconds))
    }

    @Test("offsets and short fractions are understood")
    func offsets() {
        #expect(WallTime("1970-01-01T02:00:00.5+02:00")?.nanoseconds == 500_000_000)
        #expect(WallTime("1969-12-31T23:00:00-01:00")?.nanoseconds == 0)
    }

    @Test(
        "anything else is refused",
        arguments: ["", "2026-11-21", "2026-13-01T00:00:00Z", "2026-11-21T09:18:33", "2026-11-21T09:18:33.Z", "x"])
    func refuses(text: String) { #expect(WallTime(text) == nil) }
}
