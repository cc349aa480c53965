import JSONTree
import Testing

@testable import KubernetesModel

@Suite("Custom resource rules")
struct CustomResourceRulesTests {
    private let schema = Schema(openAPIV3Schema: [
        "type": "object",
        "required": ["spec"],
        "properties": [
            "spec": [
                "type": "object", "required": ["size"],
                "properties": [
                    "size": ["type": "integer", "minimum": 1, "maximum": 9],
                    "colour": ["type": "string", "enum": ["red", "blue"]],
                    "name": ["type": "string", "pattern": "^[a-z]+$", "minLength": 2, "maxLength": 4],
                    "share": ["x-kubernetes-int-or-string": true],
                    "list": [
                        "type": "array", "minItems": 1, "maxItems": 2, "x-kubernetes-list-type": "map",
                        "x-kubernetes-list-map-keys": ["k"],
                        "items": ["type": "object", "properties": ["k": ["type": "string"]]],
                    ],
                    "when": ["type": "string", "nullable": true],
                    "choice": ["type": "object", "oneOf": [["required": ["a"]], ["required": ["b"]]]],
                ],
            ]
        ],
    ])

    private func messages(_ spec: String) throws -> [String] {
        let type = ResourceType(group: "x.io", version: "v1", plural: "xs", kind: "X", isNamespaced: false)
        var object = KubernetesObject(type, name: "x")
        object.spec = try JSON(parsing: spec)
        return ObjectValidation.creating(object, as: type, schema: schema).causes.map { "\($0.field): \($0.message)" }
    }

    @Test(
        "values outside the schema are refused in Kubernetes' words",
        arguments: [
            (
                #"{"size":0}"#,
                "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1"
            ),
            (#"{"size":10}"#, "spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9"),
            (
                #"{"size":"1"}"#,
                #"spec.size: Invalid value: "string": spec.size in body must be of type integer: "string""#
            ),
            (#"{}"#, "spec.size: Required value"),
            (
                #"{"size":1,"colour":"green"}"#,
                #"spec.colour: Unsupported value: "green": supported values: "red", "blue""#
            ),
            (#"{"size":1,"name":"a1"}"#, #"spec.name: Invalid value: "a1": spec.name in body should match '^[a-z]+$'"#),
            (
                #"{"size":1,"name":"a"}"#,
                #"spec.name: Invalid value: "a": spec.name in body should be at least 2 chars long"#
            ),
            (#"{"size":1,"name":"abcde"}"#, "spec.name: Too long: may not be more than 4 bytes"),
            (#"{"size":1,"list":[]}"#, "spec.list: Invalid value: 0: spec.list in body should have at least 1 items"),
            (#"{"size":1,"list":[{"k":"a"},{"k":"a"}]}"#, #"spec.list[1]: Duplicate value: {"k":"a"}"#),
            (
                #"{"size":1,"colour":null}"#,
                #"spec.colour: Invalid value: "null": spec.colour in body must be of type string: "null""#
            ),
            (
                #"{"size":1,"choice":{}}"#,
                #"spec.choice: Invalid value: "object": "spec.choice" must validate one and only one schema (oneOf). Found none valid"#
            ),
        ])
    func refused(spec: String, message: String) throws { #expect(try messages(spec) == [message]) }

    @Test(
        "values within the schema pass",
        arguments: [
            #"{"size":1,"share":"25%","when":null}"#, #"{"size":9,"share":3,"choice":{"b":1},"list":[{"k":"a"}]}"#,
        ])
    func accepted(spec: String) throws { #expect(try messages(spec) == []) }

    @Test("what an update leaves as it was is not judged again")
    func ratcheting() throws {
        let type = ResourceType(group: "x.io", version: "v1", plural: "xs", kind: "X", isNamespaced: false)
        func object(_ spec: String) throws -> KubernetesObject {
            var object = KubernetesObject(type, name: "x", ["metadata": ["resourceVersion": "1", "uid": "u"]])
            object.spec = try JSON(parsing: spec)
            return object
        }
        let old = try object(#"{"size":50,"colour":"green","list":[{"k":1},{"k":"b"}]}"#)
        for (spec, fields) in [
            (#"{"size":50,"colour":"green","list":[{"k":1},{"k":"b"}],"share":1}"#, []),
            (#"{"size":51,"colour":"green","list":[{"k":"b"},{"k":1}]}"#, ["spec.size"]),
            (#"{"size":50,"colour":"grey","list":[{"k":2}]}"#, ["spec.colour", "spec.list[0].k"]),
        ] {
            let problems = ObjectValidation.updating(try object(spec), from: old, as: type, schema: schema)
            #expect(problems.causes.map(\.field).sorted() == fields, "\(spec)")
        }
    }

    @Test(
        "formats are demanded",
        arguments: [
            ("date-time", "2026-01-02T03:04:05Z", "yesterday"), ("date", "2026-01-02", "2026-13-02"),
            ("email", "a@b.c", "x"), ("ipv4", "10.0.0.1", "10.0.0.256"), ("ipv6", "fe80::1", "fe80:::1"),
            ("cidr", "10.0.0.0/8", "10.0.0.0/33"), ("uuid", "6f9619ff-8b86-d011-b42d-00c04fc964ff", "6f9619ff"),
            ("uri", "https://a/b", "a b"), ("byte", "YWJj", "YWJ"), ("duration", "1h30m", "soon"),
            ("hostname", "a.b-c", "-a"), ("k8s-short-name", "a-b", "A"), ("mac", "00:11:22:aa:bb:cc", "00:11"),
        ])
    func formats(_ format: String, _ right: String, _ wrong: String) throws {
        #expect(StringFormat.holds(format, of: right))
        #expect(!StringFormat.holds(format, of: wrong))
        #expect(StringFormat.holds("unheard-of", of: wrong))
    }
}
