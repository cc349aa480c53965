import JSONTree

/// A pod of two kilobytes that no scheduler looks at, as text around its name.
struct BenchmarkPod: Sendable {
    private let start: String
    private let end: String

    init() {
        let json: JSON = [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["name": "@", "labels": ["app": "bench"]],
            "spec": [
                "schedulerName": "nobody",
                "containers": [
                    [
                        "name": "main", "image": "nginx",
                        "env": .array(
                            (0..<20).map {
                                [
                                    "name": .string("VARIABLE_\($0)"),
                                    "value": .string(String(repeating: "x", count: 50)),
                                ]
                            }),
                    ]
                ],
            ],
        ]
        let parts = String(decoding: json.encoded(), as: UTF8.self).split(separator: "@", maxSplits: 1)
        start = parts.first.map(String.init) ?? ""
        end = parts.last.map(String.init) ?? ""
    }

    func text(named name: String) -> String { start + name + end }
}
