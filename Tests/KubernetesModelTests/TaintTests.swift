import JSONTree
import KubernetesModel
import Testing

@Suite struct TaintTests {
    private let taint = Taint(key: "k", value: "v", effect: .noExecute)

    @Test(
        "a toleration matches by effect, key and value",
        arguments: [
            (#"{"key":"k","value":"v","effect":"NoExecute"}"#, true),
            (#"{"key":"k","operator":"Equal","value":"v"}"#, true),
            (#"{"key":"k","operator":"Exists"}"#, true),
            (#"{"operator":"Exists"}"#, true),
            (#"{"key":"k","value":"w"}"#, false),
            (#"{"key":"other","operator":"Exists"}"#, false),
            (#"{"key":"k","operator":"Exists","effect":"NoSchedule"}"#, false),
        ])
    func tolerates(text: String, expected: Bool) throws {
        let toleration = try #require(Toleration(try JSON(parsing: text)))
        #expect(toleration.tolerates(taint) == expected)
    }

    @Test("unknown operators and effects tolerate nothing")
    func unknown() throws {
        #expect(Toleration(["key": "k", "operator": "Like"]) == nil)
        #expect(Toleration(["operator": "Exists", "effect": "NoFun"]) == nil)
        #expect(Taint(["key": "k", "effect": "NoFun"]) == nil)
    }

    @Test("a taint comes out as it went in")
    func roundTrip() {
        #expect(Taint(taint.json) == taint)
    }
}
