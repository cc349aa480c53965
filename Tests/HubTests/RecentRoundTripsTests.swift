import Testing

@testable import Hub

struct RecentRoundTripsTests {
    @Test("the shortest of the last four counts: a busy moment is no news, a longer way is after four")
    func shortest() {
        var recent = RecentRoundTrips()
        let told = [300, 2, 40, 60, 50, 55, 3].map { recent.add(.milliseconds($0)) }
        #expect(told == [300, 2, 2, 2, 2, 40, 3].map { .milliseconds($0) })
    }

    @Test("a time is told when it has moved by more than half, and by more than a millisecond")
    func worthTelling() {
        #expect(RecentRoundTrips.isWorthTelling(from: nil, to: .zero))
        #expect(RecentRoundTrips.isWorthTelling(from: .zero, to: nil))
        #expect(!RecentRoundTrips.isWorthTelling(from: nil, to: nil))
        #expect(!RecentRoundTrips.isWorthTelling(from: .microseconds(200), to: .microseconds(1200)))
        #expect(RecentRoundTrips.isWorthTelling(from: .microseconds(200), to: .microseconds(1300)))
        #expect(!RecentRoundTrips.isWorthTelling(from: .milliseconds(20), to: .milliseconds(10)))
        #expect(RecentRoundTrips.isWorthTelling(from: .milliseconds(20), to: .milliseconds(9)))
        #expect(RecentRoundTrips.isWorthTelling(from: .milliseconds(20), to: .milliseconds(31)))
    }
}
