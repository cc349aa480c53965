import JSONTree
import Testing

@testable import KubernetesModel

@Suite("Field ownership by updates")
struct FieldOwnershipTests {
    private static func schema(_ type: ResourceType = .deployments) throws -> Schema {
        try #require(SchemaRegistry.builtIn.schema(for: type))
    }

    private static func author(_ manager: String, _ time: String = "2026-01-01T00:00:00Z") -> FieldManagerEntry {
        FieldManagerEntry(manager: manager, operation: .update, apiVersion: "apps/v1", time: time)
    }

    static let deployment: JSON = [
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": ["name": "web", "namespace": "default", "labels": ["app": "web"], "finalizers": ["a/b"]],
        "spec": [
            "replicas": 1, "selector": ["matchLabels": ["app": "web"]],
            "strategy": ["type": "RollingUpdate", "rollingUpdate": ["maxSurge": "25%"]],
            "template": [
                "metadata": ["labels": ["app": "web"]],
                "spec": [
                    "containers": [
                        [
                            "name": "web", "image": "nginx", "resources": [:], "command": ["a", "b"],
                            "ports": [["containerPort": 80, "protocol": "TCP"]],
                        ]
                    ],
                    "securityContext": [:],
                ],
            ],
        ],
    ]

    private static func json(_ owners: FieldOwnership) throws -> JSON {
        try JSON(parsing: owners.encoded)
    }

    @Test("a new object's fields are its creator's, as Kubernetes writes them down")
    func creation() throws {
        var owners = FieldOwnership()
        owners.update(from: [:], to: Self.deployment, try Self.schema(), by: Self.author("kubectl-create"))
        let labels: JSON = [".": [:], "f:app": [:]]
        #expect(
            try Self.json(owners) == [
                [
                    "manager": "kubectl-create", "operation": "Update", "apiVersion": "apps/v1",
                    "time": "2026-01-01T00:00:00Z", "fieldsType": "FieldsV1",
                    "fieldsV1": [
                        "f:metadata": ["f:labels": labels, "f:finalizers": [".": [:], #"v:"a/b""#: [:]]],
                        "f:spec": [
                            "f:replicas": [:], "f:selector": [:],
                            "f:strategy": ["f:type": [:], "f:rollingUpdate": [".": [:], "f:maxSurge": [:]]],
                            "f:template": [
                                "f:metadata": ["f:labels": labels],
                                "f:spec": [
                                    "f:containers": [
                                        #"k:{"name":"web"}"#: [
                                            ".": [:], "f:name": [:], "f:image": [:], "f:resources": [:],
                                            "f:command": [:],
                                            "f:ports": [
                                                ".": [:],
                                                #"k:{"containerPort":80,"protocol":"TCP"}"#: [
                                                    ".": [:], "f:containerPort": [:], "f:protocol": [:],
                                                ],
                                            ],
                                        ]
                                    ],
                                    "f:securityContext": [:],
                                ],
                            ],
                        ],
                    ],
                ]
            ])
        #expect(FieldOwnership(managedFields: try Self.json(owners)) == owners)
    }

    @Test("who changes a field takes it over; who owns nothing more is gone; removed fields are nobody's")
    func takingOver() throws {
        var owners = FieldOwnership()
        owners.update(from: [:], to: Self.deployment, try Self.schema(), by: Self.author("a"))
        var changed = Self.deployment
        changed["spec", "replicas"] = 3
        changed["metadata", "labels", "app"] = nil
        owners.update(from: Self.deployment, to: changed, try Self.schema(), by: Self.author("b"))
        #expect(owners.entries.map(\.manager) == ["a", "b"])
        #expect(owners.entries[0].fields.contains(["f:spec", "f:replicas"]) == false)
        #expect(owners.entries[0].fields.contains(["f:metadata", "f:labels", "f:app"]) == false)
        #expect(owners.entries[1].fields.pathTexts == [".spec.replicas"])
        let before = owners
        owners.update(from: changed, to: changed, try Self.schema(), by: Self.author("c"))
        #expect(owners == before, "nothing changed")
        owners.update(from: changed, to: Self.deployment, try Self.schema(), by: Self.author("a"))
        #expect(owners.entries.map(\.manager) == ["a"])
    }

    @Test("lists and maps are owned as their type says")
    func structures() throws {
        let schema = Schema(
            openAPIV3Schema: [
                "type": "object",
                "properties": [
                    "spec": [
                        "type": "object",
                        "properties": [
                            "atomic": ["type": "array", "items": ["type": "string"]],
                            "set": ["type": "array", "x-kubernetes-list-type": "set", "items": ["type": "string"]],
                            "map": [
                                "type": "array", "x-kubernetes-list-type": "map",
                                "x-kubernetes-list-map-keys": ["b", "a"],
                                "items": [
                                    "type": "object",
                                    "properties": ["a": ["type": "string", "default": "x"], "b": ["type": "integer"]],
                                ],
                            ],
                            "whole": [
                                "type": "object", "x-kubernetes-map-type": "atomic",
                                "properties": ["a": ["type": "string"]],
                            ],
                            "free": ["type": "object", "x-kubernetes-preserve-unknown-fields": true],
                            "any": ["x-kubernetes-preserve-unknown-fields": true],
                        ],
                    ]
                ],
            ])
        let object: JSON = [
            "apiVersion": "x/v1", "kind": "X",
            "spec": [
                "atomic": ["a"], "set": ["a", "b"], "map": [["b": 1]], "whole": ["a": "1"],
                "free": ["a": ["b": [1, 2]]], "any": "text",
            ],
        ]
        var owners = FieldOwnership()
        owners.update(from: [:], to: object, schema, by: Self.author("a"))
        #expect(
            owners.entries.first?.fields.pathTexts == [
                ".spec", ".spec.any", ".spec.atomic", ".spec.free", ".spec.free.a", ".spec.free.a.b", ".spec.map",
                #".spec.map[a="x",b=1]"#, #".spec.map[a="x",b=1].b"#, ".spec.set", #".spec.set[="a"]"#,
                #".spec.set[="b"]"#, ".spec.whole",
            ])
    }

    @Test("of more than ten managers the oldest become one")
    func cap() throws {
        var owners = FieldOwnership()
        var object = Self.deployment
        for number in 0..<14 {
            let before = object
            object["metadata", "labels", "l\(number)"] = "x"
            owners.update(
                from: before, to: object, try Self.schema(),
                by: Self.author("m\(number)", "2026-01-01T00:00:\(number + 10)Z"))
        }
        #expect(owners.entries.count == 10)
        let ancient = try #require(owners.entries.first { $0.manager == "ancient-changes" })
        #expect(ancient.time == "2026-01-01T00:00:14Z")
        #expect(ancient.fields.pathTexts == (0..<5).map { ".metadata.labels.l\($0)" })
        #expect(owners.entries.contains { $0.manager == "m5" })
    }

    @Test(
        "malformed entries are refused",
        arguments: [
            #"[{"manager":"a","operation":"Merge","apiVersion":"v1","fieldsType":"FieldsV1"}]"#,
            #"[{"manager":"a","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV2"}]"#,
            #"[{"manager":"a","operation":"Update","fieldsType":"FieldsV1"}]"#,
            #"[{"operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:a":1}}]"#,
            #"[{"operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"x:a":{}}}]"#,
            #"[{"operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"k:{":{}}}]"#, "{}",
        ])
    func malformed(_ text: String) throws {
        #expect(FieldOwnership(managedFields: try JSON(parsing: Array(text.utf8))) == nil)
    }
}
