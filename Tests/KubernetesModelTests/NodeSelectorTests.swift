import JSONTree
import KubernetesModel
import Testing

@Suite struct NodeSelectorTests {
    private func selector(_ text: String) throws -> NodeSelector { try NodeSelector(JSON(parsing: text)) }

    @Test("terms are or-ed, their expressions and-ed")
    func combination() throws {
        let selector = try selector(
            """
            {"nodeSelectorTerms":[
              {"matchExpressions":[{"key":"zone","operator":"In","values":["a","b"]},{"key":"old","operator":"DoesNotExist"}]},
              {"matchFields":[{"key":"metadata.name","operator":"In","values":["n9"]}]}]}
            """)
        #expect(selector.matches(labels: ["zone": "b"], name: "n1"))
        #expect(!selector.matches(labels: ["zone": "b", "old": ""], name: "n1"))
        #expect(selector.matches(labels: [:], name: "n9"))
        #expect(!selector.matches(labels: ["zone": "c"], name: "n1"))
    }

    @Test(
        "each operator as Kubernetes has it",
        arguments: [
            ("In", #"["5"]"#, true, false, false), ("NotIn", #"["5"]"#, false, true, true),
            ("Exists", "[]", true, true, false),
            ("DoesNotExist", "[]", false, false, true), ("Gt", #"["4"]"#, true, false, false),
            ("Lt", #"["6"]"#, true, false, false),
        ])
    func operators(word: String, values: String, five: Bool, text: Bool, none: Bool) throws {
        let selector = try selector(
            #"{"nodeSelectorTerms":[{"matchExpressions":[{"key":"k","operator":"\#(word)","values":\#(values)}]}]}"#)
        #expect(selector.matches(labels: ["k": "5"], name: "n") == five)
        #expect(selector.matches(labels: ["k": "x"], name: "n") == text)
        #expect(selector.matches(labels: [:], name: "n") == none)
    }

    @Test("no term and an empty term match nothing")
    func empty() throws {
        #expect(try !selector(#"{"nodeSelectorTerms":[]}"#).matches(labels: ["a": "b"], name: "n"))
        #expect(try !selector(#"{"nodeSelectorTerms":[{}]}"#).matches(labels: ["a": "b"], name: "n"))
    }

    @Test(
        "what is malformed is named",
        arguments: [
            ("{}", "nodeSelector.nodeSelectorTerms"),
            (
                #"{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a","operator":"Is"}]}]}"#,
                "matchExpressions[0].operator"
            ),
            (
                #"{"nodeSelectorTerms":[{"matchExpressions":[{"key":"a","operator":"Gt","values":["x"]}]}]}"#,
                "matchExpressions[0].values"
            ),
            (
                #"{"nodeSelectorTerms":[{"matchFields":[{"key":"spec.x","operator":"In","values":["a"]}]}]}"#,
                "matchFields[0].key"
            ),
        ])
    func malformed(text: String, field: String) {
        #expect {
            try selector(text)
        } throws: { error in
            (error as? JSONError)?.message.contains(field) ?? false
        }
    }
}
