import JSONTree
import KubernetesModel
import Testing

@Suite("Label selectors")
struct LabelSelectorTests {
    @Test(
        "the text form selects",
        arguments: [
            ("", true), ("a=1", true), ("a==1,b!=3", true), ("a=2", false), ("a in (1, 2)", true),
            ("a notin (1)", false),
            ("c", false), ("!c", true), ("a,!c,b in (2)", true), ("n>5", true), ("n<5", false), ("c!=1", true),
        ])
    func text(_ text: String, _ matches: Bool) throws {
        #expect(try LabelSelector(text: text).matches(["a": "1", "b": "2", "n": "6"]) == matches)
    }

    @Test(
        "what cannot be read is refused",
        arguments: ["a in 1", "a in (1", "=", "a=b=c", "a b", "a,,b", "a>x", "-a", ","])
    func broken(_ text: String) {
        #expect(throws: JSONError.self) { try LabelSelector(text: text) }
    }

    @Test(
        "what is wrong is told in Kubernetes' words",
        arguments: [
            ("app in web", "unable to parse requirement: found 'web' expected: '('"),
            ("app web", "unable to parse requirement: found 'web', expected: in, notin, =, ==, !=, gt, lt"),
            ("a,,b", "found ',', expected: identifier after ','"),
            ("=", "found '=', expected: !, identifier, or 'end of string'"),
            ("a=b=c", "found '=', expected: ',' or 'end of string'"),
            (
                "a>x",
                "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer"
            ),
        ])
    func words(_ text: String, _ message: String) {
        #expect { try LabelSelector(text: text) } throws: { ($0 as? JSONError)?.message == message }
    }

    @Test("the object form selects and names what is wrong")
    func object() throws {
        let selector = try LabelSelector([
            "matchLabels": ["app": "web"],
            "matchExpressions": [["key": "tier", "operator": "NotIn", "values": ["db"]]],
        ])
        #expect(selector.matches(["app": "web"]))
        #expect(!selector.matches(["app": "web", "tier": "db"]))
        #expect { try LabelSelector(["matchExpressions": [["key": "a", "operator": "Near"]]]) } throws: {
            "\($0)".hasPrefix("selector.matchExpressions[0].operator:")
        }
    }
}

@Suite("Timestamps")
struct TimestampTests {
    @Test("times are written and read", arguments: [0, 951_782_400, 1_709_164_800, 1_795_250_820, -1, 253_402_300_799])
    func roundTrip(_ seconds: Int) {
        #expect(Timestamp.seconds(Timestamp.text(seconds)) == seconds)
    }

    @Test("known times")
    func known() {
        #expect(Timestamp.text(1_709_164_800) == "2024-02-29T00:00:00Z")
        #expect(Timestamp.seconds("2024-02-29T01:00:00.5+01:00") == 1_709_164_800)
        #expect(Timestamp.microText(1_500_000) == "1970-01-01T00:00:01.500000Z")
        #expect(Timestamp.seconds("2024-02-29") == nil)
        #expect(Timestamp.seconds("2024-02-29T00:00:00+1:00") == nil)
    }
}
