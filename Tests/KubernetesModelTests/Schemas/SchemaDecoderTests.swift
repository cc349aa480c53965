import JSONTree
import Testing

@testable import KubernetesModel

@Suite("Schema decoder")
struct SchemaDecoderTests {
    private func decode(_ json: JSON, as type: ResourceType) throws -> SchemaDecoder.Result {
        try SchemaDecoder.decode(json, as: try #require(SchemaRegistry.builtIn.schema(for: type)))
    }

    @Test("what a new version has kept of the former one is taken as it is, and all else is judged")
    func former() throws {
        let schema = try #require(SchemaRegistry.builtIn.schema(for: .pods))
        // As nothing is stored: it shows what was not read again.
        let former: JSON = [
            "apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"], "spec": ["kept": 1, "containers": []],
            "status": ["phase": "Pending"],
        ]
        var new = former
        new["status"] = ["phase": "Running", "unknown": 1]
        var result = try SchemaDecoder.decode(new, as: schema, former: former)
        #expect(result.value["spec"] == former["spec"])
        #expect(result.value["status"] == ["phase": "Running"])
        #expect(result.problems == ["unknown field \"status.unknown\""])
        // An equal one that is another one tells nothing of itself.
        new["spec"] = ["kept": 1, "containers": []]
        result = try SchemaDecoder.decode(new, as: schema, former: former)
        #expect(result.value["spec"] == ["containers": []])
        #expect(throws: DecodingFailure.self) {
            new["status"] = ["phase": 1]
            _ = try SchemaDecoder.decode(new, as: schema, former: former)
        }
    }

    @Test("unknown fields are taken out and named with their path")
    func unknownFields() throws {
        let result = try decode(
            [
                "kind": "Deployment", "extra": 1,
                "spec": [
                    "replicaz": 2,
                    "template": ["spec": ["containers": [["name": "a", "imagee": "b"], ["name": "c"]]]],
                ],
            ], as: .deployments)
        #expect(
            result.problems == [
                #"unknown field "extra""#, #"unknown field "spec.replicaz""#,
                #"unknown field "spec.template.spec.containers[0].imagee""#,
            ])
        #expect(
            result.value == [
                "kind": "Deployment",
                "spec": ["template": ["spec": ["containers": [["name": "a"], ["name": "c"]]]]],
            ])
    }

    @Test("null, empty lists and zero values that mean nothing go")
    func zeroValues() throws {
        let result = try decode(
            [
                "metadata": ["name": "p", "creationTimestamp": .null, "labels": [:], "generateName": ""],
                "spec": [
                    "hostNetwork": false, "automountServiceAccountToken": false, "nodeName": "", "tolerations": [],
                    "terminationGracePeriodSeconds": 0, "securityContext": [:], "nodeSelector": ["a": .null],
                    "containers": [["name": "c", "tty": false, "env": [["name": "A", "value": ""]]]],
                ],
            ], as: .pods)
        #expect(result.problems.isEmpty)
        #expect(
            result.value == [
                "metadata": ["name": "p"],
                "spec": [
                    "automountServiceAccountToken": false, "terminationGracePeriodSeconds": 0, "securityContext": [:],
                    "nodeSelector": ["a": ""], "containers": [["name": "c", "env": [["name": "A"]]]],
                ],
            ])
    }

    @Test("quantities become canonical")
    func quantities() throws {
        let result = try decode(
            try JSON(parsing: #"{"spec":{"containers":[{"resources":{"limits":{"memory":"1024Mi","cpu":0.5}}}]}}"#),
            as: .pods)
        let limits = result.value["spec"]?["containers"]?[0]?["resources"]?["limits"]
        #expect(limits == ["memory": "1Gi", "cpu": "500m"])
    }

    @Test(
        "a value of the wrong type is refused in Go's words",
        arguments: [
            (
                #"{"spec":{"replicas":"two"}}"#,
                "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"
            ),
            (
                #"{"spec":{"replicas":1.5}}"#,
                "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32"
            ),
            (
                #"{"spec":{"template":{"spec":{"containers":[{"name":"a","env":[{"name":"A","value":1}]}]}}}}"#,
                "json: cannot unmarshal number into Go struct field "
                    + "EnvVar.spec.template.spec.containers.env.value of type string"
            ),
            (
                #"{"spec":{"template":{"spec":{"containers":{"name":"a"}}}}}"#,
                "json: cannot unmarshal object into Go struct field "
                    + "PodSpec.spec.template.spec.containers of type []v1.Container"
            ),
            (
                #"{"metadata":{"labels":{"a":true}}}"#,
                "json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string"
            ),
            (
                #"{"spec":"x"}"#,
                "json: cannot unmarshal string into Go struct field Deployment.spec of type v1.DeploymentSpec"
            ),
            (
                #"{"spec":{"template":{"spec":{"containers":[{"resources":{"limits":{"cpu":"much"}}}]}}}}"#,
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            ),
        ])
    func wrongTypes(text: String, message: String) throws {
        let json = try JSON(parsing: text)
        let failure = #expect(throws: DecodingFailure.self) { try decode(json, as: .deployments) }
        #expect(failure?.message == message)
    }

    @Test("a custom resource is pruned to its schema")
    func pruning() throws {
        let schema = Schema(openAPIV3Schema: [
            "type": "object",
            "properties": [
                "spec": [
                    "type": "object",
                    "properties": [
                        "size": ["type": "integer"],
                        "free": ["type": "object", "x-kubernetes-preserve-unknown-fields": true],
                        "map": [
                            "type": "object",
                            "additionalProperties": ["type": "object", "properties": ["a": ["type": "string"]]],
                        ],
                        "template": ["type": "object", "x-kubernetes-embedded-resource": true],
                    ],
                ]
            ],
        ])
        let result = try SchemaDecoder.decode(
            [
                "apiVersion": "x/v1", "kind": "X", "metadata": ["name": "n", "colour": "red"], "status": ["a": 1],
                "spec": [
                    "size": "kept for validation", "other": 1, "free": ["anything": [1]],
                    "map": ["k": ["a": "", "b": 2]],
                    "template": ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"], "spec": [:]],
                ],
            ], as: schema)
        #expect(
            result.problems == [
                #"unknown field "metadata.colour""#, #"unknown field "status""#, #"unknown field "spec.other""#,
                #"unknown field "spec.map.k.b""#, #"unknown field "spec.template.spec""#,
            ])
        #expect(
            result.value == [
                "apiVersion": "x/v1", "kind": "X", "metadata": ["name": "n"],
                "spec": [
                    "size": "kept for validation", "free": ["anything": [1]], "map": ["k": ["a": ""]],
                    "template": ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"]],
                ],
            ])
    }

    @Test("a strict refusal is that of a real server")
    func strictRefusal() throws {
        let line = try #require(try Fixture.lines("creations").first { $0["step"] == "unknown-field-strict" })
        let result = try decode(try #require(line["request"]), as: .deployments)
        let error = DecodingRefusals.body(.deployments, DecodingRefusals.strictMessage(result.problems))
        #expect(error.status == line["response"])
    }

    @Test("a Secret's data must be base64")
    func base64() throws {
        #expect(try decode(["data": ["a": "czNjcmV0"]], as: .secrets).value["data"]?["a"] == "czNjcmV0")
        #expect(throws: DecodingFailure("illegal base64 data at input byte 2")) {
            try decode(["data": ["a": "ab*d"]], as: .secrets)
        }
        #expect(throws: DecodingFailure.self) { try decode(["data": ["a": "abc"]], as: .secrets) }
    }
}
