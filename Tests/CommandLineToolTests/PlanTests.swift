import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit
import Testing

@testable import CommandLineTool

@Suite struct PlanTests {
    private static let manifest = """
        # A comment, and a service that is not asked about.
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
        spec:
          replicas: 4
          selector:
            matchLabels: {app: web}
          template:
            metadata:
              labels: {app: web}
            spec:
              containers:
              - name: web
                image: nginx
                resources: {requests: {cpu: 500m}}
              tolerations:
              - {key: virtual-node.liqo.io/not-allowed, operator: Exists}
              topologySpreadConstraints:
              - maxSkew: 1
                topologyKey: kubernetes.io/hostname
                whenUnsatisfiable: DoNotSchedule
                labelSelector:
                  matchLabels: {app: web}
        """

    /// Two edges with three of the workload's pods.
    private func world(_ manifest: String = PlanTests.manifest) async throws -> World {
        var world = World()
        for name in ["rome", "milan"] {
            try await world.create(.nodes, try HypotheticalEdge("\(name)=4,8Gi").node)
        }
        for (name, node) in [("web-1", "rome"), ("web-2", "rome"), ("web-3", "milan"), ("other", "milan")] {
            let app = name == "other" ? "other" : "web"
            try await world.create(
                .pods,
                KubernetesObject(
                    .pods, name: name, namespace: "shop",
                    [
                        "metadata": ["labels": ["app": .string(app)]],
                        "spec": ["nodeName": .string("liqo-\(node)"), "containers": [["name": "web"]]],
                    ]))
        }
        world.input = Array(manifest.utf8)
        return world
    }

    @Test("says where new pods go, the skew, and why, and changes nothing")
    func text() async throws {
        let world = try await world()
        let before = try await world.cluster.list(.pods).items
        #expect(await world.run("plan", "-f", "-", "-n", "shop") == 0)
        #expect(try await world.cluster.list(.pods).items == before)
        let expected = """
            Deployment shop/web: 4 wanted

            CLUSTER   NOW   THEN   CHANGE
            milan     1     2      +1
            rome      2     2

            Skew over kubernetes.io/hostname: 0 (maxSkew 1, DoNotSchedule)

            New pod 1 goes to milan; no other would do
              milan   chosen   score 
            """
        #expect(world.output.written.hasPrefix(expected), "\(world.all)")
        #expect(
            world.output.written.hasSuffix(
                "\n  rome    no       node(s) didn't match pod topology spread constraints\n"))
    }

    @Test("says who moves without a cluster and with another, for programs")
    func json() async throws {
        let world = try await world()
        #expect(
            await world.run(
                "plan", "-f", "-", "-n", "shop", "--without", "rome", "--with", "paris=2,4Gi,zone=west", "--replicas",
                "3", "-o", "json") == 0)
        let plan = try JSON(parsing: world.output.written)
        #expect(plan["workload"]?["replicas"] == 3)
        #expect(plan["moves"]?.array?.map { $0["pod"]?.string } == ["web-1", "web-2"])
        #expect(plan["moves"]?.array?.allSatisfy { $0["from"] == "rome" } == true)
        let then = plan["placement"]?.array?.map { $0["then"] ?? .null }
        #expect(then == [1, 2, .null] || then == [2, 1, .null])
        #expect(plan["placement"]?.array?.map { $0["cluster"]?.string } == ["milan", "paris", "rome"])
        #expect(plan["spread"]?[0]?["skew"] == 1)
        #expect(plan["pending"] == 0)
        let first = plan["newPods"]?[0]
        #expect(first?["cluster"] == "paris" && first?["runnerUp"] == .null)
        #expect(first?["reasons"]?.array?.map { $0["verdict"]?.string } == ["refused", "chosen"])
    }

    @Test("goes by how the namespace's offloading fills its edges")
    func filled() async throws {
        let world = try await world()
        try await world.create(
            .namespaceOffloadings,
            KubernetesObject(
                .namespaceOffloadings, name: Names.offloading, namespace: "shop",
                ["metadata": ["annotations": [Names.fillAnnotation: "milan=2"]]]))
        #expect(await world.run("plan", "-f", "-", "-n", "shop", "--replicas", "6") == 0)
        let text = world.output.written
        #expect(text.contains("\nmilan     1     4      +3\nrome      2     2\n"), "\(text)")
        #expect(
            text.contains(
                "\nSkew over kubernetes.io/hostname: 0 (maxSkew 1, DoNotSchedule, filled like water by milan=2)\n"),
            "\(text)")
    }

    @Test("says what moves by itself where the namespace asks for rebalancing")
    func rebalanced() async throws {
        let world = try await world()
        try await world.create(
            .namespaceOffloadings,
            KubernetesObject(
                .namespaceOffloadings, name: Names.offloading, namespace: "shop",
                ["metadata": ["annotations": [Names.rebalanceAnnotation: "on"]]]))
        #expect(await world.run("plan", "-f", "-", "-n", "shop", "--replicas", "3", "--with", "paris=4,8Gi") == 0)
        let text = world.output.written
        #expect(text.contains("\nREBALANCING   FROM   TO\nweb-"), "\(text)")
        #expect(text.contains("\nparis     -     1      +1\n"), "\(text)")
    }

    @Test("fails where a pod would stay Pending, and says which edge holds it up")
    func pending() async throws {
        let world = try await world(Self.manifest.replacing("500m", with: "3"))
        #expect(await world.run("plan", "-f", "-", "-n", "shop", "--replicas", "7") == 1)
        #expect(world.output.written.contains(" stays Pending: 0/2 nodes are available: "))
        #expect(world.errors.written.contains(" pods would stay Pending"))
    }

    @Test(
        "what cannot be planned is told with what to do",
        arguments: [
            (["--without", "paris"], "there is no such cluster; there are milan, rome"),
            (["--with", "paris"], "--with paris: a name is missing"),
            (["--with", "paris=4"], "CPU and memory are missing"),
            (["--with", "paris=4,much"], "\"much\" is no quantity"),
            (["--with", "paris=4,8Gi,zone"], "\"zone\" is no label"),
            (["--replicas", "-1"], "replicas"),
        ])
    func refused(options: [String], message: String) async throws {
        let world = try await world()
        #expect(await world.run(["plan", "-f", "-", "-n", "shop"] + options) != 0)
        #expect(world.errors.written.contains(message), "\(world.all)")
    }

    /// A kilobyte of text that is a million values when every alias is followed.
    private static let bomb =
        "kind: Pod\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + (1...5).map { number in
            "a\(number): &a\(number) [\(Array(repeating: "*a\(number - 1)", count: 10).joined(separator: ", "))]\n"
        }.joined()

    @Test(
        "what is no manifest of a workload is refused, with the place",
        arguments: [
            ("kind: Service\nmetadata: {name: a}", "has none of these"),
            ("kind: Pod\nspec: {}", "metadata.name: missing"),
            ("kind: Deployment\nmetadata: {name: a}\nspec: {}", "spec.template.spec: missing"),
            ("kind: Pod\nmetadata: {name: a, name: b}", "duplicated key(s): 'name'"),
            ("kind: Pod\nmetadata: [" + String(repeating: "[", count: 70), "-: "),
            (Self.bomb, "aliases make too much of it"),
            ("kind: Pod\nmetadata: {name: a}\n---\nkind: Pod\nmetadata: {name: b}", "plan one at a time"),
            ("kind: [", "-: "), ("", "has none of these"),
        ])
    func manifests(text: String, message: String) async throws {
        let world = try await world(text)
        #expect(await world.run("plan", "-f", "-") == 1)
        #expect(world.errors.written.contains(message), "\(world.all)")
    }

    @Test("YAML is read as Kubernetes' clients read it")
    func yaml() throws {
        let manifest = try PlanManifest(
            yaml: """
                kind: Job
                metadata: {name: j, namespace: shop}
                spec:
                  parallelism: 0x2
                  template:
                    metadata: {labels: {a: "1"}}
                    spec: {on: yes, port: 80, share: 1.5, none: ~, quoted: "80", truth: true, when: 2026-01-01}
                """, source: "j.yaml")
        #expect(manifest.replicas == 2 && manifest.namespace == "shop")
        #expect(
            manifest.template["spec"] == [
                "on": "yes", "port": 80, "share": .number(JSONNumber(1.5) ?? JSONNumber(0)), "none": .null,
                "quoted": "80", "truth": true, "when": "2026-01-01",
            ])
    }
}
