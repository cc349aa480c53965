import Foundation
import JSONTree
import Scheduling
import Testing

/// Replays what kube-scheduler 1.36 decided for 2,000 random clusters.
///
/// `SCHEDULING_CASES` names another file of cases, gzipped or not; `scripts/scheduling-cases` sets it.
@Suite struct SchedulingCasesTests {
    private func lines() throws -> [Data] {
        let bundled = Bundle.module.url(forResource: "scheduling-cases.jsonl", withExtension: "gz")
        let named = ProcessInfo.processInfo.environment["SCHEDULING_CASES"].map { URL(fileURLWithPath: $0) }
        let file = try #require(named ?? bundled)
        let gzip = Process()
        let output = Pipe()
        gzip.executableURL = URL(fileURLWithPath: "/usr/bin/gzip")
        gzip.arguments = ["-dcf", file.path]
        gzip.standardOutput = output
        try gzip.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        gzip.waitUntilExit()
        try #require(gzip.terminationStatus == 0)
        return data.split(separator: UInt8(ascii: "\n")).map { Data($0) }
    }

    @Test("every decision, reason and score of kube-scheduler is reproduced")
    func cases() throws {
        var passed = 0
        var failed = 0
        for line in try lines() {
            if let difference = try SchedulingCase(JSON(parsing: line)).difference() {
                failed += 1
                print(difference)
            } else {
                passed += 1
            }
        }
        print("\(passed) passed, \(failed) failed")
        #expect(failed == 0)
        #expect(passed > 0)
    }
}
