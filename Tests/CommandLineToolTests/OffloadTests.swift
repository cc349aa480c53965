import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit
import Testing

@testable import CommandLineTool

@Suite struct OffloadTests {
    private func world() async throws -> World {
        let world = World()
        try await world.install(.hub)
        try await world.create(.namespaces, KubernetesObject(.namespaces, name: "liqo-demo"))
        return world
    }

    private func find(_ world: World) async throws -> KubernetesObject? {
        try await world.cluster.find(.namespaceOffloadings, namespace: "liqo-demo", name: Names.offloading)
    }

    /// Says how far the offloading is, once it is there.
    private func answer(_ world: World, _ phase: OffloadingPhase, _ conditions: JSON = [:]) async throws {
        var object = try await eventually("a NamespaceOffloading") { try await find(world) }
        object.status = [
            "offloadingPhase": .string(phase.rawValue), "observedGeneration": JSON(object.generation),
            "remoteNamespacesConditions": conditions,
        ]
        _ = try await world.cluster.updateStatus(.namespaceOffloadings, object)
    }

    private static func ready(_ status: String, _ reason: String, _ message: String) -> JSON {
        [
            ["type": "OffloadingRequired", "status": "True"],
            [
                "type": "Ready", "status": .string(status), "reason": .string(reason), "message": .string(message),
            ],
        ]
    }

    @Test("the tutorial's command makes the tutorial's NamespaceOffloading and ends when it is Ready")
    func ready() async throws {
        let world = try await world()
        async let status = world.run(
            "offload", "namespace", "liqo-demo", "--namespace-mapping-strategy", "EnforceSameName",
            "--pod-offloading-strategy", "Remote", "--selector", "topology.liqo.io/type=destination")
        try await answer(world, .inProgress)
        try await answer(world, .ready)
        #expect(await status == 0)
        #expect(
            try await find(world)?.spec == [
                "namespaceMappingStrategy": "EnforceSameName", "podOffloadingStrategy": "Remote",
                "clusterSelector": [
                    "nodeSelectorTerms": [
                        [
                            "matchExpressions": [
                                ["key": "topology.liqo.io/type", "operator": "In", "values": ["destination"]]
                            ]
                        ]
                    ]
                ],
            ])
        #expect(
            world.output.written == """
                 INFO  Offloading of namespace "liqo-demo" correctly enabled
                 INFO  Offloading completed successfully

                """)
    }

    @Test("when no cluster is selected success is not claimed")
    func noCluster() async throws {
        let world = try await world()
        async let status = world.run("offload", "ns", "liqo-demo", "-l", "a=b")
        try await answer(world, .noClusterSelected)
        #expect(await status == 0)
        #expect(world.output.written.hasSuffix(" WARN  Offloading completed, but no cluster was selected\n"))
        #expect(!world.output.written.contains("successfully"))
    }

    @Test("failures are listed cluster by cluster")
    func someFailed() async throws {
        let world = try await world()
        async let status = world.run("offload", "namespace", "liqo-demo")
        try await answer(
            world, .someFailed,
            [
                "milan-333333": Self.ready("True", "NamespaceCreated", ""),
                "rome-222222": Self.ready("False", "CreationLoopBackOff", "the namespace exists and is not ours"),
            ])
        #expect(await status == 1)
        #expect(
            world.errors.written == """
                 ERRO  Failed offloading namespace "liqo-demo": the offloading is in "SomeFailed" state
                 ERRO  cluster "rome-222222": CreationLoopBackOff: the namespace exists and is not ours

                """)
    }

    @Test("a status from before the last change is not taken for an answer")
    func stale() async throws {
        let world = try await world()
        async let first = world.run("offload", "namespace", "liqo-demo")
        try await answer(world, .ready)
        #expect(await first == 0)
        #expect(await world.run("offload", "namespace", "liqo-demo", "-l", "a=b", "--timeout", "50ms") == 1)
        #expect(world.errors.written.contains("timed out waiting for the condition"))
        #expect(try await find(world)?.generation == 2)
    }

    @Test("a mapping that is in force is not changed")
    func immutable() async throws {
        let world = try await world()
        async let first = world.run("offload", "namespace", "liqo-demo")
        try await answer(world, .ready)
        #expect(await first == 0)
        let before = try await find(world)
        #expect(
            await world.run("offload", "namespace", "liqo-demo", "--namespace-mapping-strategy", "EnforceSameName") == 1
        )
        #expect(world.errors.written.contains("which cannot be changed"))
        #expect(try await find(world) == before)
    }

    @Test(
        "bad input is refused and nothing is made",
        arguments: [
            (["nowhere"], 1, "the namespace \"nowhere\" does not exist in cluster \"test\" of config"),
            (["kube-system"], 1, "belongs to the cluster itself"), (["causeway-system"], 1, "belongs to the cluster"),
            (["A b"], 1, "cannot be a namespace's name"),
            (["liqo-demo", "--pod-offloading-strategy", "Elsewhere"], 64, "'LocalAndRemote', 'Local' or 'Remote'"),
            (["liqo-demo", "--namespace-mapping-strategy", "Same"], 64, "'DefaultName', 'EnforceSameName' or"),
            (["liqo-demo", "--selector", "a in (b"], 1, "--selector \"a in (b\" is broken"),
            (["liqo-demo", "-l", "a=b", "-l", "="], 1, "--selector \"=\" is broken"),
            (["liqo-demo", "--selector", ""], 1, "--selector is empty"),
            (["liqo-demo", "--namespace-mapping-strategy", "SelectedName"], 1, "needs a --remote-namespace-name"),
            (["liqo-demo", "--remote-namespace-name", "x"], 1, "needs --namespace-mapping-strategy SelectedName"),
        ] as [([String], Int32, String)])
    func refused(arguments: [String], code: Int32, words: String) async throws {
        let world = try await world()
        #expect(await world.run(["offload", "namespace"] + arguments) == code)
        #expect(world.errors.written.contains(words))
        #expect(try await world.cluster.list(.namespaceOffloadings).items.isEmpty)
    }

    @Test("an edge offloads nothing")
    func edge() async throws {
        let world = World()
        try await world.install(.agent)
        try await world.create(.namespaces, KubernetesObject(.namespaces, name: "liqo-demo"))
        #expect(await world.run("offload", "namespace", "liqo-demo") == 1)
        #expect(world.errors.written.contains("is an edge (europe-rome-edge)"))
    }

    @Test("-o prints the object, several selectors as alternatives, and asks no cluster")
    func prints() async throws {
        let world = World()
        world.cluster.failure = ClusterUnreachable("not to be asked")
        #expect(await world.run("offload", "namespace", "a", "-l", "x=true,!y", "-l", "z in (b,c)", "-o", "yaml") == 0)
        #expect(
            world.output.written == """
                apiVersion: offloading.liqo.io/v1alpha1
                kind: NamespaceOffloading
                metadata:
                  name: offloading
                  namespace: a
                spec:
                  namespaceMappingStrategy: DefaultName
                  podOffloadingStrategy: LocalAndRemote
                  clusterSelector:
                    nodeSelectorTerms:
                    - matchExpressions:
                      - key: x
                        operator: In
                        values:
                        - "true"
                      - key: "y"
                        operator: DoesNotExist
                    - matchExpressions:
                      - key: z
                        operator: In
                        values:
                        - b
                        - c

                """)
        let other = World()
        #expect(await other.run("offload", "namespace", "a", "-o", "json") == 0)
        #expect(try JSON(parsing: other.output.written)["kind"] == "NamespaceOffloading")
    }

    @Test("unoffload deletes the offloading and waits until it is gone")
    func unoffload() async throws {
        let world = try await world()
        var object = KubernetesObject(.namespaceOffloadings, name: Names.offloading, namespace: "liqo-demo")
        object.finalizers = [Names.offloadingFinalizer]
        try await world.create(.namespaceOffloadings, object)
        async let status = world.run("unoffload", "namespace", "liqo-demo")
        var left = try await eventually("a deletion") {
            let object = try await find(world)
            return object?.isBeingDeleted == true ? object : nil
        }
        left.finalizers = []
        _ = try await world.cluster.update(.namespaceOffloadings, left)
        #expect(await status == 0)
        #expect(
            world.output.written == """
                 INFO  Offloading of namespace "liqo-demo" correctly disabled
                 INFO  Unoffloading completed successfully

                """)
        #expect(await world.run("unoffload", "namespace", "liqo-demo") == 1)
        #expect(world.errors.written.contains("it is not offloaded in cluster \"test\" of config"))
    }
}
