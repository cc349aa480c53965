import ClusterAPI
import PodRecords
import Testing

@testable import PodRuntime

@Suite struct LogFilterTests {
    static let lines = [
        "1970-01-01T00:00:10.000000000Z stdout F one", "1970-01-01T00:00:20.000000000Z stderr P tw",
        "1970-01-01T00:00:20.000000001Z stderr F o", "1970-01-01T00:00:30.000000000Z stdout F three",
        "nonsense",
    ]

    @Test(
        "options choose and dress lines",
        arguments: [
            (LogOptions(), "one\ntwo\nthree\n"),
            (
                LogOptions(timestamps: true),
                "1970-01-01T00:00:10.000000000Z one\n1970-01-01T00:00:20.000000000Z two\n1970-01-01T00:00:30.000000000Z three\n"
            ),
            (LogOptions(sinceSeconds: 80), "two\nthree\n"),
            (LogOptions(sinceTime: "1970-01-01T00:00:25Z"), "three\n"),
            (LogOptions(limitBytes: 6), "one\ntw"),
            (LogOptions(limitBytes: 0), ""),
        ])
    func filter(options: LogOptions, text: String) {
        var filter = LogFilter(options, now: WallTime(nanoseconds: 100_000_000_000))
        var bytes: [UInt8] = []
        for line in Self.lines { filter.take(Array(line.utf8), into: &bytes) }
        #expect(String(decoding: bytes, as: UTF8.self) == text)
    }
}
