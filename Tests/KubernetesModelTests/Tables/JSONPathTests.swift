import JSONTree
import Testing

@testable import KubernetesModel

@Suite("JSON path")
struct JSONPathTests {
    private let object: JSON = [
        "spec": ["a.b": 1, "list": [["n": "x", "v": 1], ["n": "y", "v": 2]]],
        "status": [
            "peeringConditions": [
                ["type": "OutgoingPeering", "status": "Established"], ["type": "NetworkStatus", "status": "None"],
            ]
        ],
    ]

    @Test(
        "paths lead to values",
        arguments: [
            (".spec.list[0].n", ["x"]), (".spec.list[-1].n", ["y"]), (".spec.list[*].n", ["x", "y"]),
            (".status.peeringConditions[?(@.type == 'OutgoingPeering')].status", ["Established"]),
            (#".status.peeringConditions[?(@.type=="NetworkStatus")].status"#, ["None"]),
            (".spec.list[?(@.v!=1)].n", ["y"]), (".spec.list[?(@.v)].n", ["x", "y"]), ("{.spec.list[1].n}", ["y"]),
            (".spec.nothing.n", []), (".spec.list[7]", []), ("spec['list'][0]['n']", ["x"]),
        ])
    func values(path: String, texts: [String]) throws {
        #expect(try JSONPath(path).values(in: object).map { $0.string ?? "" } == texts)
    }

    @Test("a name may hold escaped dots")
    func escapes() throws {
        #expect(try JSONPath(#".spec.a\.b"#).values(in: object) == [1])
    }

    @Test(
        "malformed paths are refused", arguments: [".a[", ".a[x]", ".a[?(@.b=1)]", ".a[?(@.b == )]", "a]b[", ".a['b]"])
    func malformed(path: String) { #expect(throws: JSONError.self) { try JSONPath(path) } }
}
