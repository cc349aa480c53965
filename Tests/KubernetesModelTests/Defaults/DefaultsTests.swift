import JSONTree
import Testing

@testable import KubernetesModel

@Suite("Defaults")
struct DefaultsTests {
    /// What a real server answered to a creation, and what it was asked.
    private static func creation(_ step: String, _ path: String) throws -> (request: JSON, response: JSON) {
        let line = try #require(
            try Fixture.lines("creations").first {
                $0["step"]?.string == step && $0["path"]?.string?.contains(path) == true
            })
        return (try #require(line["request"]), try #require(line["response"]))
    }

    private static let assigned = [
        ["metadata", "uid"], ["metadata", "resourceVersion"], ["metadata", "creationTimestamp"],
        ["metadata", "generation"], ["spec", "clusterIP"], ["spec", "clusterIPs"], ["spec", "ipFamilies"],
        ["spec", "ipFamilyPolicy"],
    ]

    @Test("what a new version has kept of the former one has its defaults, and all else gets them")
    func former() throws {
        let schema = try #require(SchemaRegistry.builtIn.schema(for: .pods))
        // As nothing is stored: it shows what was not looked at again.
        let former: JSON = ["apiVersion": "v1", "kind": "Pod", "spec": ["containers": [["name": "a", "image": "b"]]]]
        var new = former
        new["spec", "nodeName"] = "n"
        let changed = Defaults.applied(to: new, schema: schema, former: former)
        #expect(changed["spec", "dnsPolicy"] == "ClusterFirst")
        #expect(changed["spec"]?["containers"] == former["spec"]?["containers"])
        new["spec", "containers"] = [["name": "a", "image": "b"]]
        let container = Defaults.applied(to: new, schema: schema, former: former)["spec"]?["containers"]?[0]
        #expect(container?["imagePullPolicy"] == "Always")
    }

    @Test(
        "a created object is what a real server made of the same request",
        arguments: [
            ("apply-create", ResourceType.deployments), ("unknown-field-ignored", .deployments),
            ("service-apply", .services), ("pod-create", .pods), ("crd-create", .customResourceDefinitions),
            ("config-apply", .secrets), ("config-apply", .configMaps),
        ])
    func creations(step: String, type: ResourceType) throws {
        let (request, response) = try Self.creation(step, "/\(type.plural)?")
        let schema = try #require(SchemaRegistry.builtIn.schema(for: type))
        var made = Defaults.applied(to: try SchemaDecoder.decode(request, as: schema).value, schema: schema)
        Creation.prepare(&made, as: type, uid: "u")
        if type == .pods {
            PodAdmission.setPriority(of: &made, from: nil)
            PodAdmission.addTolerations(to: &made)
        }
        #expect(made.without(Self.assigned) == response.without(Self.assigned))
        #expect(Defaults.applied(to: made, schema: schema) == made, "defaulting twice changes nothing")
        let again = try SchemaDecoder.decode(response, as: schema)
        #expect(again.problems.isEmpty)
    }

    @Test("a job's pods are selected by its uid")
    func job() throws {
        let type = ResourceType(group: "batch", version: "v1", plural: "jobs", kind: "Job", isNamespaced: true)
        let schema = try #require(SchemaRegistry.builtIn.schema(for: type))
        var job = Defaults.applied(
            to: ["metadata": ["name": "j"], "spec": ["template": ["spec": ["restartPolicy": "Never"]]]], schema: schema)
        Creation.prepare(&job, as: type, uid: "1-2")
        let spec = try #require(job["spec"])
        #expect(spec["completions"] == 1)
        #expect(spec["parallelism"] == 1)
        #expect(spec["backoffLimit"] == 6)
        #expect(spec["selector"] == ["matchLabels": ["batch.kubernetes.io/controller-uid": "1-2"]])
        #expect(spec["template"]?["metadata"]?["labels"]?["job-name"] == "j")
    }

    @Test(
        "images are pulled always where their tag may move",
        arguments: [
            ("nginx", "Always"), ("nginx:latest", "Always"), ("nginx:1.25", "IfNotPresent"),
            ("registry:5000/nginx", "Always"), ("nginx@sha256:abc", "IfNotPresent"),
        ])
    func pullPolicy(image: String, policy: String) throws {
        let schema = try #require(SchemaRegistry.builtIn.schema(for: .pods))
        let pod = Defaults.applied(
            to: ["spec": ["containers": [["name": "c", "image": .string(image)]]]], schema: schema)
        #expect(pod["spec"]?["containers"]?[0]?["imagePullPolicy"]?.string == policy)
    }

    @Test("a pod's volumes, probes and ports are filled in, and requests follow limits")
    func pod() throws {
        let schema = try #require(SchemaRegistry.builtIn.schema(for: .pods))
        let pod = Defaults.applied(
            to: [
                "spec": [
                    "serviceAccountName": "robot",
                    "volumes": [["name": "a"], ["name": "b", "configMap": ["name": "c"]]],
                    "containers": [
                        [
                            "name": "c", "ports": [["containerPort": 80]], "livenessProbe": ["httpGet": ["port": 80]],
                            "resources": ["limits": ["cpu": "1", "memory": "1Gi"], "requests": ["cpu": "500m"]],
                            "env": [["name": "N", "valueFrom": ["fieldRef": ["fieldPath": "metadata.name"]]]],
                        ]
                    ],
                ]
            ], schema: schema)
        let spec = try #require(pod["spec"])
        #expect(spec["serviceAccount"] == "robot")
        #expect(spec["volumes"]?[0]?["emptyDir"] == [:])
        #expect(spec["volumes"]?[1]?["configMap"]?["defaultMode"] == 420)
        let container = try #require(spec["containers"]?[0])
        #expect(container["ports"]?[0]?["protocol"] == "TCP")
        #expect(container["livenessProbe"]?["httpGet"] == ["port": 80, "path": "/", "scheme": "HTTP"])
        #expect(container["livenessProbe"]?["periodSeconds"] == 10)
        #expect(container["resources"]?["requests"] == ["cpu": "500m", "memory": "1Gi"])
        #expect(container["env"]?[0]?["valueFrom"]?["fieldRef"]?["apiVersion"] == "v1")
        #expect(PodQuality.of(spec) == "Burstable")
    }

    @Test("a custom resource's defaults are filled in where members are absent, or null where null is not allowed")
    func customResource() {
        let schema = Schema(openAPIV3Schema: [
            "type": "object",
            "properties": [
                "spec": [
                    "type": "object", "default": ["colour": "blue"],
                    "properties": [
                        "colour": ["type": "string", "default": "red"],
                        "size": ["type": "integer", "default": 3, "nullable": true],
                        "list": [
                            "type": "array",
                            "items": ["type": "object", "properties": ["on": ["type": "boolean", "default": true]]],
                        ],
                    ],
                ]
            ],
        ])
        #expect(Defaults.applied(to: [:], schema: schema) == ["spec": ["colour": "blue", "size": 3]])
        #expect(
            Defaults.applied(to: ["spec": ["colour": .null, "size": .null, "list": [[:]]]], schema: schema)
                == ["spec": ["colour": "red", "size": .null, "list": [["on": true]]]])
    }
}
