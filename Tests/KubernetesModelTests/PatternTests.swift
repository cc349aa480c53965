import Testing

@testable import KubernetesModel

@Suite("Patterns of schemas")
struct PatternTests {
    @Test(
        "a pattern is found wherever Go finds it",
        arguments: [
            ("", "", true), ("", "anything", true), ("b", "abc", true), ("^b", "abc", false), ("^abc$", "abc", true),
            ("^abc$", "abcd", false), ("^a|b$", "xb", true), ("^(a|b)$", "xb", false), ("a*b", "aaab", true),
            ("^a+$", "", false), ("^a?$", "", true), ("^(ab)*$", "ababab", true), ("^(ab)*$", "ababa", false),
            ("^a{2,3}$", "aa", true), ("^a{2,3}$", "aaaa", false), ("^a{2,}$", "aaaaa", true), ("^a{2}$", "a", false),
            ("^a{0}$", "", true), ("^a{,3}$", "a{,3}", true), ("^a{x}$", "a{x}", true), ("^{$", "{", true),
            ("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "my-name-1", true),
            ("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "my-name-", false), ("^[^/]+$", "a/b", false), ("^[]a]+$", "]a", true),
            ("^[a\\]]+$", "a]", true), ("^[\\d.]+$", "1.2", true), ("^[a-]+$", "a-", true), ("^.$", "\n", false),
            ("(?s)^.$", "\n", true), ("(?i)^ABC$", "abc", true), ("^(?i:a)b$", "Ab", true), ("^(?i:a)b$", "AB", false),
            ("(?m)^b$", "a\nb\nc", true), ("^b$", "a\nb\nc", false), ("\\bfoo\\b", "a foo b", true),
            ("\\bfoo\\b", "food", false), ("^\\w+\\s\\S+$", "ab c-d", true), ("^\\D+$", "ab1", false),
            ("^[[:alpha:]]+$", "abc", true), ("^[[:^digit:]]+$", "a1", false), ("^\\p{Lu}\\pL+$", "Été", true),
            ("^\\P{L}$", "é", false), ("^\\x41\\x{1F600}$", "A😀", true), ("^\\.\\*\\$$", ".*$", true),
            ("^\\Qa.b\\E$", "a.b", true), ("^\\Qa.b\\E$", "axb", false),
            ("^(?P<year>\\d{4})-(?<m>\\d\\d)$", "2026-11", true),
            ("^(|a)+$", "aa", true), ("^(a*)*$", "aaa", true), ("^(a*)*$", "aab", false), ("^a*?b+?$", "aabb", true),
            ("^((25[0-5]|2[0-4]\\d|1\\d\\d|\\d?\\d)(\\.|$)){4}$", "192.168.0.255", true),
            ("^((25[0-5]|2[0-4]\\d|1\\d\\d|\\d?\\d)(\\.|$)){4}$", "192.168.0.256", false),
            ("^[0-9]+(\\.[0-9]+)?(ms|s|m|h)$", "1.5h", true), ("x\\z", "ax", true), ("\\Ax", "ax", false),
            ("^\\07$", "\u{7}", true), ("^[\\n\\t]$", "\t", true),
        ])
    func match(_ pattern: String, _ text: String, _ matches: Bool) throws {
        #expect(try Pattern(pattern).match(text) == (matches ? .matches : .differs))
    }

    @Test(
        "what Go refuses is refused",
        arguments: [
            "(", ")", "a)", "[", "[a", "[z-a]", "*", "a**", "+", "?", "a{3,2}", "a{1001}", "(?=a)", "(?!a)", "(?<=a)",
            "(?<!a)", "(a)\\1", "\\", "\\q", "\\p{Nothing}", "[[:nothing:]]", "(?P<>a)", "\\x{110000}", "(?z)", "{1}",
            "a{1000}{1000}", "((a{100}){100}){100}", String(repeating: "(", count: 100_000),
            String(repeating: "a?", count: 6_000),
        ])
    func refused(_ pattern: String) {
        #expect(throws: Pattern.Malformed.self) { try Pattern(pattern) }
    }

    @Test(
        "patterns that take others for ever take a moment",
        arguments: [
            ("^(a+)+$", String(repeating: "a", count: 50_000) + "b"),
            ("^(a|a)*$", String(repeating: "a", count: 50_000) + "b"),
            ("^(.*)*x$", String(repeating: "a", count: 50_000)),
            ("^(a*)*(a*)*(a*)*b", String(repeating: "a", count: 20_000)),
            (
                "a?" + String(repeating: "(a?", count: 150) + String(repeating: ")", count: 150) + "b",
                String(repeating: "a", count: 3_000)
            ),
        ])
    func pathological(_ pattern: String, _ text: String) throws {
        let start = ContinuousClock.now
        #expect(try Pattern(pattern).match(text) != .matches)
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    @Test("a match that would take too long is given up")
    func tooCostly() throws {
        let pattern = try Pattern(String(repeating: "a?", count: 2_000) + "b")
        #expect(pattern.match(String(repeating: "a", count: 1_000_000)) == .tooCostly)
    }
}
