import JSONTree
import TestKit
import Testing

@testable import CommandLineTool

@Suite struct OutputTests {
    private struct Broken: Error {}

    @Test("in a pipe a stage prints its last line only")
    func pipe() async throws {
        let (lines, errors) = (CapturedText(), CapturedText())
        let printer = Printer(lines: lines, errors: errors)
        try await printer.stage("Working", done: "Worked") {}
        await #expect(throws: ToolError("Failed: no")) {
            try await printer.stage("Working", done: "Worked", failure: "Failed") { throw ToolError("no") }
        }
        await #expect(throws: ToolError("Failed: timed out waiting for the condition")) {
            try await printer.stage("Working", failure: "Failed") { throw TimedOut() }
        }
        await #expect(throws: Broken.self) { try await printer.stage("Working", failure: "Failed") { throw Broken() } }
        printer.warning("look out")
        printer.error("broken")
        #expect(lines.written == " INFO  Worked\n WARN  look out\n")
        #expect(errors.written == " ERRO  broken\n")
    }

    @Test("at a terminal a spinner shows the seconds and makes room for the line")
    func terminal() async throws {
        let lines = CapturedText(isTerminal: true)
        let printer = Printer(lines: lines, errors: lines)
        try await printer.stage("Working", done: "Worked") {
            try await eventually("a frame") { lines.written.contains("Working (0s)") }
        }
        #expect(lines.written.hasSuffix("\r\u{1B}[2K \u{1B}[32mINFO\u{1B}[0m  Worked\n"))
    }

    @Test("long values are broken at spaces and stay in their column")
    func wrapping() {
        let words = Array(repeating: "word", count: 20).joined(separator: " ")
        let text = Box(title: "T", entries: [.section("S", [.pairs([.init("Key", words)])])]).text()
        let lines = text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count == 84 })
        #expect(lines.count == 5)
        #expect(lines[3].hasPrefix("|           word"))
        let long = String(repeating: "x", count: 200)
        #expect(Box(title: "T", entries: [.line(long)]).text().contains(long))
    }

    @Test("strings that YAML would read as something else are quoted")
    func yaml() {
        let json: JSON = ["a": ["true", "1", "x: y", "", "plain-1.0/x"], "b": [:], "c": [], "d": 1, "e": [["f": "g"]]]
        #expect(
            YAMLText.text(json) == """
                a:
                - "true"
                - "1"
                - "x: y"
                - ""
                - plain-1.0/x
                b: {}
                c: []
                d: 1
                e:
                - f: g

                """)
    }
}
