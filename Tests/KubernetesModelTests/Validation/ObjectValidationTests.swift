import JSONTree
import Testing

@testable import KubernetesModel

@Suite("Object validation")
struct ObjectValidationTests {
    private func problems(_ json: JSON, _ type: ResourceType) throws -> [String] {
        let schema = try #require(SchemaRegistry.builtIn.schema(for: type))
        let object = KubernetesObject(Defaults.applied(to: json, schema: schema))
        return ObjectValidation.creating(object, as: type, schema: schema).causes.map { "\($0.field): \($0.message)" }
    }

    @Test("refusals are those of a real server", arguments: ["bad-selector", "bad-name", "no-containers"])
    func recorded(step: String) throws {
        let line = try #require(try Fixture.lines("creations").first { $0["step"]?.string == step })
        let path = try #require(line["path"]?.string)
        let type: ResourceType =
            path.contains("/deployments") ? .deployments : path.contains("/pods") ? .pods : .configMaps
        let schema = try #require(SchemaRegistry.builtIn.schema(for: type))
        let decoded = try SchemaDecoder.decode(try #require(line["request"]), as: schema).value
        let object = KubernetesObject(Defaults.applied(to: decoded, schema: schema))
        let found = ObjectValidation.creating(object, as: type, schema: schema)
        let error = try #require(ObjectValidation.error(found, type: type, name: object.name))
        #expect(error.status == line["response"])
    }

    private func pod(_ spec: JSON) -> JSON {
        ["metadata": ["name": "p", "namespace": "n"], "spec": spec]
    }

    @Test("a pod's containers, volumes and ports are judged with their paths")
    func pods() throws {
        let found = try problems(
            pod([
                "restartPolicy": "Sometimes", "tolerations": [["key": "a", "operator": "Same"]],
                "containers": [
                    ["name": "a", "image": "x", "ports": [["containerPort": 70000, "protocol": "HTTP"]]],
                    ["name": "a", "volumeMounts": [["name": "data", "mountPath": "/x"]], "imagePullPolicy": "Maybe"],
                ],
                "topologySpreadConstraints": [["maxSkew": 0, "topologyKey": "z", "whenUnsatisfiable": "Hope"]],
            ]), .pods)
        for text in [
            #"spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never""#,
            #"spec.containers[1].name: Duplicate value: "a""#,
            #"spec.containers[1].volumeMounts[0].name: Not found: "data""#,
            "spec.containers[1].image: Required value",
            #"spec.containers[1].imagePullPolicy: Unsupported value: "Maybe": supported values: "Always", "IfNotPresent", "Never""#,
            "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
            #"spec.containers[0].ports[0].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP""#,
            "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
            #"spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Hope": supported values: "DoNotSchedule", "ScheduleAnyway""#,
        ] { #expect(found.contains(text), "\(text)\n\(found)") }
    }

    @Test("requests may not exceed limits")
    func resources() throws {
        let found = try problems(
            pod([
                "containers": [
                    [
                        "name": "a", "image": "x",
                        "resources": ["requests": ["cpu": "2"], "limits": ["cpu": "1", "memory": "-1"]],
                    ]
                ]
            ]), .pods)
        #expect(
            found.contains(
                #"spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1"#
            ))
        #expect(
            found.contains(
                #"spec.containers[0].resources.limits[memory]: Invalid value: "-1": must be greater than or equal to 0"#
            ))
    }

    @Test("what is in order raises nothing")
    func valid() throws {
        for line in try Fixture.lines("creations") where line["status"]?.int == 201 {
            let response = try #require(line["response"])
            let type: ResourceType? =
                switch response["kind"]?.string {
                case "Deployment": .deployments
                case "Pod": .pods
                case "Service": .services
                case "ConfigMap": .configMaps
                case "Secret": .secrets
                case "CustomResourceDefinition": .customResourceDefinitions
                default: nil
                }
            guard let type else { continue }
            #expect(try problems(response, type) == [], "\(line["step"]?.string ?? "")")
        }
    }

    @Test("a deployment without a spec lacks a selector and containers")
    func emptyDeployment() throws {
        #expect(
            try problems(["metadata": ["name": "d", "namespace": "n"]], .deployments) == [
                "spec.selector: Required value",
                "spec.template.metadata.labels: Invalid value: {}: `selector` does not match template `labels`",
                "spec.template.spec.containers: Required value",
            ])
    }

    @Test("a patch that makes an unknown field is refused with its text")
    func patchRefusal() {
        let error = DecodingRefusals.patch(
            #"{"spec":{"replicaz":1}}"#,
            DecodingRefusals.strictMessage([#"unknown field "spec.replicaz""#]))
        #expect(
            error.message
                == #" "" is invalid: patch: Invalid value: "{\"spec\":{\"replicaz\":1}}": "#
                + #"strict decoding error: unknown field "spec.replicaz""#)
    }

    @Test("values are printed as Go prints them")
    func goText() {
        let value: JSON = ["spec": ["replicas": 2, "paused": true, "names": ["b", "a"]], "data": .null]
        #expect(value.goText == "map[data:<nil> spec:map[names:[b a] paused:true replicas:2]]")
    }

    @Test("names, labels and annotations follow Kubernetes' syntax")
    func metadata() throws {
        let found = try problems(
            ["metadata": ["name": "1web", "namespace": "n", "labels": ["-a": "b c"]], "spec": ["clusterIP": "None"]],
            .services)
        #expect(found.count == 3)
        #expect(found[0].hasPrefix(#"metadata.name: Invalid value: "1web": a DNS-1035 label must consist"#))
        #expect(found[1].hasPrefix(#"metadata.labels: Invalid value: "-a": name part must consist"#))
        #expect(found[2].hasPrefix(#"metadata.labels: Invalid value: "b c": a valid label must be"#))
        #expect(
            try problems(["metadata": ["namespace": "n"]], .configMaps)
                == ["metadata.name: Required value: name or generateName is required"])
    }

    @Test("a ConfigMap's keys are config keys")
    func configKeys() throws {
        let found = try problems(
            ["metadata": ["name": "c", "namespace": "n"], "data": ["a b": "1", "ok.key": "2"]], .configMaps)
        #expect(found.count == 1)
        #expect(found[0].hasPrefix(#"data[a b]: Invalid value: "a b": a valid config key must consist"#))
    }

    @Test("a custom resource definition is named for its plural and group, and its schema is structural")
    func definitions() throws {
        let found = try problems(
            [
                "metadata": ["name": "wrong"],
                "spec": [
                    "group": "example.com", "scope": "Everywhere", "names": ["plural": "things", "kind": "Thing"],
                    "versions": [
                        [
                            "name": "v1", "served": true, "storage": false,
                            "schema": ["openAPIV3Schema": ["type": "object", "properties": ["spec": [:]]]],
                        ]
                    ],
                ],
            ], .customResourceDefinitions)
        for text in [
            #"metadata.name: Invalid value: "wrong": must be spec.names.plural+"."+spec.group"#,
            #"spec.scope: Unsupported value: "Everywhere": supported values: "Cluster", "Namespaced""#,
            #"spec.versions: Invalid value: ["v1"]: must have exactly one version marked as storage version"#,
            "spec.versions[0].schema.openAPIV3Schema.properties[spec].type: Required value: "
                + "must not be empty for specified object fields",
        ] { #expect(found.contains(text), "\(text)\n\(found)") }
    }
}
