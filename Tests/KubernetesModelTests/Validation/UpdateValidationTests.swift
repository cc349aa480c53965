import JSONTree
import Testing

@testable import KubernetesModel

@Suite("Update validation")
struct UpdateValidationTests {
    private func update(
        _ before: JSON, _ type: ResourceType, _ change: (inout JSON) -> Void
    ) throws -> [APIError.Cause] {
        let schema = try #require(SchemaRegistry.builtIn.schema(for: type))
        let old = KubernetesObject(Defaults.applied(to: before, schema: schema))
        var new = old
        change(&new.json)
        return ObjectValidation.updating(new, from: old, as: type, schema: schema).causes
    }

    private let deployment: JSON = [
        "metadata": ["name": "web", "namespace": "n"],
        "spec": [
            "selector": ["matchLabels": ["app": "web"]],
            "template": [
                "metadata": ["labels": ["app": "web"]], "spec": ["containers": [["name": "c", "image": "i"]]],
            ],
        ],
    ]

    @Test("a deployment's selector is immutable, in a real server's words")
    func selector() throws {
        let causes = try update(deployment, .deployments) { $0["spec", "selector"] = ["matchLabels": ["app": "x"]] }
        #expect(
            causes == [
                .init(
                    reason: "FieldValueInvalid",
                    message: #"Invalid value: {"app":"web"}: `selector` does not match template `labels`"#,
                    field: "spec.template.metadata.labels"),
                .init(
                    reason: "FieldValueInvalid",
                    message: #"Invalid value: {"matchLabels":{"app":"x"}}: field is immutable"#, field: "spec.selector"),
            ])
    }

    private let pod: JSON = [
        "metadata": ["name": "p", "namespace": "n", "uid": "1"],
        "spec": [
            "terminationGracePeriodSeconds": 1, "containers": [["name": "c", "image": "i"]],
            "tolerations": [["key": "a", "operator": "Exists", "effect": "NoExecute"]],
        ],
    ]

    @Test("a pod's images may change, and tolerations be added")
    func allowed() throws {
        let causes = try update(pod, .pods) {
            $0["spec", "containers"] = .array([
                ($0["spec"]?["containers"]?[0] ?? .null).merged(["image": "j"])
            ])
            $0["spec", "tolerations"] = .array([
                ["key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 3],
                ["key": "b", "operator": "Exists"],
            ])
            $0["spec", "activeDeadlineSeconds"] = 5
        }
        #expect(causes.isEmpty, "\(causes)")
    }

    @Test("gates that hold a pod back may go but not come, and its node selector may grow meanwhile")
    func gates() throws {
        var gated = pod
        gated["spec", "schedulingGates"] = [["name": "a"], ["name": "b"]]
        gated["spec", "nodeSelector"] = ["x": "1"]
        let allowed = try update(gated, .pods) {
            $0["spec", "schedulingGates"] = [["name": "b"]]
            $0["spec", "nodeSelector", "y"] = "2"
        }
        #expect(allowed.isEmpty, "\(allowed)")
        let refused = try update(gated, .pods) {
            $0["spec", "schedulingGates"] = [["name": "b"], ["name": "c"]]
            $0["spec", "nodeSelector"] = ["x": "2"]
        }
        #expect(
            refused == [
                .init(
                    reason: "FieldValueForbidden",
                    message: "Forbidden: only deletion is allowed, but found new scheduling gate 'c'",
                    field: "spec.schedulingGates[1].name"),
                .init(
                    reason: "FieldValueInvalid",
                    message:
                        "Invalid value: {\"x\":\"2\"}: only additions to spec.nodeSelector are allowed (no mutations or"
                        + " deletions)", field: "spec.nodeSelector"),
            ])
        let free = try update(pod, .pods) { $0["spec", "nodeSelector"] = ["x": "1"] }
        #expect(free.map(\.field) == ["spec"])
        let late = try update(pod, .pods) { $0["spec", "schedulingGates"] = [["name": "a"]] }
        #expect(late.map(\.field) == ["spec.schedulingGates[0].name"])
    }

    @Test("nothing else of a pod's spec may change")
    func forbidden() throws {
        let causes = try update(pod, .pods) { $0["spec", "terminationGracePeriodSeconds"] = 9 }
        #expect(causes.count == 1)
        #expect(causes.first?.field == "spec")
        #expect(
            causes.first?.message.hasPrefix(
                "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,") == true)
        let more = try update(pod, .pods) {
            $0["spec", "containers"] = .array(($0["spec"]?["containers"]?.array ?? []) + [["name": "d", "image": "i"]])
        }
        #expect(more.map(\.message) == ["Forbidden: pod updates may not add or remove containers"])
    }

    @Test("identity is immutable, and an immutable ConfigMap stays as it is")
    func immutable() throws {
        #expect(
            try update(pod, .pods) { $0["metadata", "uid"] = "2" }.map(\.message)
                == [#"Invalid value: "2": field is immutable"#])
        let map: JSON = ["metadata": ["name": "c", "namespace": "n"], "data": ["a": "1"], "immutable": true]
        #expect(
            try update(map, .configMaps) { $0["data", "a"] = "2" }.map(\.message)
                == ["Forbidden: field is immutable when `immutable` is set"])
    }
}

extension JSON {
    fileprivate func merged(_ patch: JSON) -> JSON {
        var copy = self
        copy.merge(patch)
        return copy
    }
}
