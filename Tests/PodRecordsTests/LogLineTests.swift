import Testing

@testable import PodRecords

@Suite struct LogLineTests {
    @Test("lines cut at any byte come out the same")
    func split() {
        let text = Array("one\ntwo\n\nthree".utf8)
        for cut in 0...text.count {
            var log: [UInt8] = []
            var splitter = LogLineSplitter(stream: .standardOutput)
            splitter.take(text[..<cut], at: WallTime(nanoseconds: 0), into: &log)
            splitter.take(text[cut...], at: WallTime(nanoseconds: 0), into: &log)
            splitter.finish(at: WallTime(nanoseconds: 0), into: &log)
            let lines = log.split(separator: 10).compactMap { LogLine(parsing: $0) }
            #expect(lines.map { String(decoding: $0.text, as: UTF8.self) } == ["one", "two", "", "three"])
        }
    }

    @Test("a line without end is written in parts")
    func long() {
        var log: [UInt8] = []
        var splitter = LogLineSplitter(stream: .standardError)
        splitter.take(Array(repeating: 65, count: 40_000), at: WallTime(nanoseconds: 0), into: &log)
        splitter.take([10], at: WallTime(nanoseconds: 0), into: &log)
        let lines = log.split(separator: 10).compactMap { LogLine(parsing: $0) }
        #expect(lines.map(\.isPartial) == [true, true, false])
        #expect(lines.map(\.text.count) == [16_384, 16_384, 7_232])
        #expect(lines.allSatisfy { $0.stream == .standardError })
    }
}
