import JSONTree
import Testing

@testable import KubernetesModel

@Suite("Strategic merge patch")
struct StrategicMergePatchTests {
    private func apply(_ patch: JSON, _ original: JSON, _ type: ResourceType = .pods) throws -> JSON {
        try StrategicMergePatch.apply(
            patch, to: original, schema: try #require(SchemaRegistry.builtIn.schema(for: type)))
    }

    @Test("patches of real clients give what a real server answered")
    func recorded() throws {
        let volatile = [["metadata", "resourceVersion"], ["metadata", "generation"]]
        let lines = try Fixture.lines("patches").filter {
            $0["type"]?.string == "application/strategic-merge-patch+json"
        }
        #expect(lines.count >= 3)
        for line in lines {
            let after = try apply(try #require(line["patch"]), try #require(line["before"]), .deployments)
            let schema = try #require(SchemaRegistry.builtIn.schema(for: .deployments))
            let stored = Defaults.applied(to: after, schema: schema)
            #expect(
                stored.without(volatile + [["status"]]) == line["after"]?.without(volatile + [["status"]]),
                "\(line["step"]?.string ?? "")")
        }
    }

    @Test("elements of a list merge by their key and new ones are appended")
    func mergeByKey() throws {
        let result = try apply(
            ["spec": ["containers": [["name": "b", "image": "2"], ["name": "c", "image": "3"]]]],
            ["spec": ["containers": [["name": "a", "image": "1"], ["name": "b", "image": "1", "tty": true]]]])
        #expect(
            result == [
                "spec": [
                    "containers": [
                        ["name": "a", "image": "1"], ["name": "b", "image": "2", "tty": true],
                        ["name": "c", "image": "3"],
                    ]
                ]
            ])
    }

    @Test("$patch deletes an element, a member or replaces a whole list")
    func directives() throws {
        let pod: JSON = ["spec": ["containers": [["name": "a"], ["name": "b"]], "securityContext": ["runAsUser": 1]]]
        #expect(
            try apply(["spec": ["containers": [["name": "a", "$patch": "delete"]]]], pod)["spec"]?["containers"]
                == [["name": "b"]])
        #expect(
            try apply(["spec": ["containers": [["$patch": "replace"], ["name": "z"]]]], pod)["spec"]?["containers"]
                == [["name": "z"]])
        #expect(
            try apply(["spec": ["securityContext": ["$patch": "replace", "runAsGroup": 2]]], pod)["spec"]?[
                "securityContext"] == ["runAsGroup": 2])
        #expect(
            try apply(["spec": ["securityContext": ["$patch": "delete"]]], pod)["spec"]
                == ["containers": [["name": "a"], ["name": "b"]]])
        #expect(throws: JSONError.self) { try apply(["spec": ["$patch": "explode"]], pod) }
        #expect(throws: JSONError.self) { try apply(["spec": ["containers": [["image": "x"]]]], pod) }
    }

    @Test("lists of plain values merge, and $deleteFromPrimitiveList takes out")
    func primitives() throws {
        let pod: JSON = ["metadata": ["finalizers": ["a", "b"]]]
        #expect(
            try apply(["metadata": ["finalizers": ["b", "c"]]], pod)["metadata"]?["finalizers"] == ["a", "b", "c"])
        #expect(
            try apply(["metadata": ["$deleteFromPrimitiveList/finalizers": ["a"]]], pod)["metadata"]?["finalizers"]
                == ["b"])
    }

    @Test("$setElementOrder orders what it names and leaves the server's own elements in place")
    func order() throws {
        let pod: JSON = ["spec": ["containers": [["name": "a"], ["name": "own"], ["name": "b"]]]]
        let result = try apply(
            [
                "spec": [
                    "$setElementOrder/containers": [["name": "b"], ["name": "a"], ["name": "c"]],
                    "containers": [["name": "c"]],
                ]
            ], pod)
        #expect(
            result["spec"]?["containers"]?.array?.map { $0["name"]?.string } == ["own", "b", "a", "c"])
    }

    @Test("$retainKeys drops the other members of a union")
    func retainKeys() throws {
        let deployment: JSON = ["spec": ["strategy": ["type": "RollingUpdate", "rollingUpdate": ["maxSurge": 1]]]]
        let result = try apply(
            ["spec": ["strategy": ["$retainKeys": ["type"], "type": "Recreate"]]], deployment, .deployments)
        #expect(result == ["spec": ["strategy": ["type": "Recreate"]]])
    }

    @Test("lists without a merge key are replaced, null removes, and no directive is stored")
    func replaced() throws {
        let result = try apply(
            [
                "metadata": ["labels": ["a": .null, "b": "2"]],
                "spec": ["containers": [["name": "n", "command": ["x"], "$setElementOrder/env": [], "tty": .null]]],
            ], ["metadata": ["labels": ["a": "1"]], "spec": ["containers": [["name": "n", "command": ["a", "b"]]]]])
        #expect(
            result == ["metadata": ["labels": ["b": "2"]], "spec": ["containers": [["name": "n", "command": ["x"]]]]])
    }
}
