import ClusterAPI
import JSONTree
import KubernetesModel
import NIOHTTP1
import TestKit
import Testing

@testable import EmbeddedCluster

@Suite("Applying to a served cluster")
struct ApplyTests {
    private static let path = "/api/v1/namespaces/default/configmaps/a"
    private static let apply: HTTPHeaders = ["Content-Type": "application/apply-patch+yaml", "User-Agent": "tool/1.2"]

    private static func configuration(_ data: String) -> String {
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {\(data)}\n"
    }

    private static func managers(_ text: String) throws -> [String] {
        try (JSON(parsing: Array(text.utf8))["metadata", "managedFields"]?.array ?? []).map { entry in
            let words = ["manager", "operation", "subresource"].compactMap { entry[$0]?.string }
            return words.joined(separator: " ")
        }
    }

    @Test("YAML creates, changes and shrinks an object; the same again changes nothing")
    func lifecycle() async throws {
        let cluster = try await ServedCluster()
        let http = try cluster.administrator()
        let created = try await http.send(
            .PATCH, Self.path + "?fieldManager=me", headers: Self.apply, Self.configuration("x: one, y: 'yes'"))
        #expect(created.0 == 201)
        #expect(try Self.managers(created.1) == ["me Apply"])
        let second = try await http.send(
            .PATCH, Self.path + "?fieldManager=me", headers: Self.apply, Self.configuration("y: 'yes'"))
        #expect(second.0 == 200)
        #expect(try JSON(parsing: Array(second.1.utf8))["data"] == ["y": "yes"])
        let third = try await http.send(
            .PATCH, Self.path + "?fieldManager=me", headers: Self.apply, Self.configuration("y: 'yes'"))
        #expect(third.1 == second.1)
        let refused = try await http.send(
            .PATCH, Self.path + "?fieldManager=you", headers: Self.apply, Self.configuration("y: 'no'"))
        #expect(refused.0 == 409)
        #expect(refused.1.contains(#"conflict with \"me\": .data.y"#))
        let dry = try await http.send(
            .PATCH, Self.path + "?fieldManager=you&force=true&dryRun=All", headers: Self.apply,
            Self.configuration("y: 'no'"))
        #expect(try Self.managers(dry.1) == ["you Apply"])
        let now = try await http.get(Self.path)
        #expect(now.1 == second.1)
        await cluster.stop()
    }

    @Test("updates, scales and status writes are tracked apart, and in-process reads do not carry owners")
    func tracking() async throws {
        let cluster = try await ServedCluster()
        let http = try cluster.administrator()
        let body = """
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},
            "template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}
            """
        let all = "/apis/apps/v1/namespaces/default/deployments"
        let merge: HTTPHeaders = ["Content-Type": "application/merge-patch+json", "User-Agent": "tool/1.2"]
        _ = try await http.send(.POST, all, headers: ["User-Agent": "tool/1.2"], body)
        _ = try await http.send(.PATCH, all + "/d/scale", headers: merge, #"{"spec":{"replicas":2}}"#)
        _ = try await http.send(
            .PATCH, all + "/d/status?fieldManager=s", headers: merge, #"{"status":{"observedGeneration":1}}"#)
        let (_, text) = try await http.get(all + "/d")
        #expect(Set(try Self.managers(text)) == ["tool Update", "tool Update scale", "s Update status"])
        let api = cluster.cluster.api()
        var object = try await api.get(.deployments, namespace: "default", name: "d")
        #expect(object.json["metadata", "managedFields"] == nil)
        object.labels = ["x": "y"]
        _ = try await api.update(.deployments, object, subresource: nil, WriteOptions(fieldManager: "in-process"))
        let (_, after) = try await http.get(all + "/d")
        #expect(try Self.managers(after).count == 4)
        // A client may replace what is said about owners, as kubectl does when it migrates, or forget it.
        let (code, forgotten) = try await http.send(
            .PATCH, all + "/d", headers: ["Content-Type": "application/json-patch+json"],
            #"[{"op":"replace","path":"/metadata/managedFields","value":[{}]}]"#)
        #expect(code == 200)
        #expect(try Self.managers(forgotten) == [])
        await cluster.stop()
    }

    @Test("owners survive a restart")
    func restart() async throws {
        let folder = try TemporaryFolder()
        var cluster = try await ServedCluster(folder: folder)
        _ = try await cluster.administrator().send(
            .PATCH, Self.path + "?fieldManager=me", headers: Self.apply, Self.configuration("x: one"))
        await cluster.stop()
        cluster = try await ServedCluster(folder: folder)
        let http = try cluster.administrator()
        let refused = try await http.send(
            .PATCH, Self.path + "?fieldManager=you", headers: Self.apply, Self.configuration("x: two"))
        #expect(refused.0 == 409)
        let updated = try await http.send(
            .PATCH, Self.path + "?fieldManager=other", headers: ["Content-Type": "application/merge-patch+json"],
            #"{"data":{"z":"1"}}"#)
        #expect(try Self.managers(updated.1) == ["me Apply", "other Update"])
        await cluster.stop()
    }

    @Test(
        "what is no configuration is refused",
        arguments: [
            ("", 400), ("[1]", 400), ("a: b: c", 400), ("a: 1\na: 2", 400), ("1: x", 400), (".inf", 400),
            (String(repeating: "[", count: 5_000), 400), (String(repeating: "- ", count: 5_000), 400),
            ("apiVersion: v2\nkind: ConfigMap", 400), ("apiVersion: v1\nkind: Secret", 400),
            ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}", 400),
            ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, managedFields: []}", 400),
            ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, uid: x}", 409),
            ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndatas: {}", 500),
            (
                "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
                    + "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]", 400
            ),
        ])
    func refusals(_ body: String, _ code: Int) async throws {
        let cluster = try await ServedCluster()
        let answer = try await cluster.administrator().send(
            .PATCH, Self.path + "?fieldManager=me", headers: Self.apply, body)
        #expect(answer.0 == code, "\(answer.1)")
        await cluster.stop()
    }

    @Test("a scale can be applied, and conflicts with who owns the replicas")
    func appliedScale() async throws {
        let cluster = try await ServedCluster()
        let http = try cluster.administrator()
        let path = "/apis/apps/v1/namespaces/default/deployments"
        let deployment = """
            {"metadata":{"name":"d"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":\
            {"a":"b"}},"spec":{"containers":[{"name":"c","image":"busybox"}]}}}}
            """
        let made = try await http.send(
            .POST, path + "?fieldManager=maker", headers: ["Content-Type": "application/json"], deployment)
        #expect(made.0 == 201, "\(made.1)")
        func apply(_ replicas: Int, by manager: String, _ more: String = "") async throws -> (Int, String) {
            try await http.send(
                .PATCH, "\(path)/d/scale?fieldManager=\(manager)\(more)", headers: Self.apply,
                "apiVersion: autoscaling/v1\nkind: Scale\nmetadata: {name: d}\nspec: {replicas: \(replicas)}")
        }
        let refused = try await apply(3, by: "me")
        #expect(refused.0 == 409, "\(refused.1)")
        #expect(refused.1.contains(".spec.replicas"))
        let applied = try await apply(3, by: "me", "&force=true")
        #expect(try JSON(parsing: applied.1)["kind"] == "Scale")
        #expect(try JSON(parsing: applied.1)["spec"] == ["replicas": 3])
        let whole = try JSON(parsing: try await http.get("\(path)/d").1)
        #expect(whole["spec", "replicas"] == 3)
        let mine = whole["metadata", "managedFields"]?.array?.first { $0["manager"] == "me" }
        #expect(mine?["subresource"] == "scale")
        #expect(mine?["operation"] == "Apply")
        #expect(try await apply(-1, by: "me").0 == 422)
        #expect(
            try await http.send(.PATCH, "\(path)/d/scale?fieldManager=me", headers: Self.apply, "kind: Pod").0 == 400)
        await cluster.stop()
    }

    @Test("an applier needs a name, and a force is only for applying")
    func options() async throws {
        let cluster = try await ServedCluster()
        let http = try cluster.administrator()
        let unnamed = try await http.send(.PATCH, Self.path, headers: Self.apply, Self.configuration("x: one"))
        #expect(unnamed.0 == 422)
        #expect(unnamed.1.contains("fieldManager: Required value: is required for apply patch"))
        let forced = try await http.send(
            .PATCH, Self.path + "?force=true", headers: ["Content-Type": "application/merge-patch+json"], "{}")
        #expect(forced.0 == 422)
        await cluster.stop()
    }
}
