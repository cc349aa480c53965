import ClusterAPI
import JSONTree
import KubernetesModel
import OffloadingModel
import TestKit
import Testing
import Wire

@testable import Agent

@Suite("What a hub may use of its edge", .timeLimit(.minutes(1))) struct ShareTests {
    private static let node = KubernetesObject(
        .nodes, name: "n1",
        [
            "status": [
                "capacity": ["cpu": "4", "memory": "8Gi", "pods": "10"],
                "allocatable": ["cpu": "4", "memory": "8Gi", "pods": "10"],
                "conditions": [["type": "Ready", "status": "True"]],
            ]
        ])

    private func bench(_ share: String) async throws -> Bench {
        try await Bench(existing: [(.nodes, Self.node)], share: try #require(EdgeShare(share)))
    }

    private func pod(_ name: String, cpu: String, asLimit: Bool = false, more: JSON = [:]) -> [ItemKey: DesiredContent]
    {
        var amounts = more
        amounts["cpu"] = .string(cpu)
        let resources: JSON = asLimit ? ["limits": amounts] : ["requests": amounts]
        return Bench.pod(name, uid: "u-\(name)", spec: ["containers": [["name": "c", "resources": resources]]])
    }

    @Test(
        "pods beyond the share are refused with what it is, and made when another one has gone (A8)",
        arguments: [false, true])
    func enforced(asLimit: Bool) async throws {
        try await bench("50%").run { bench in
            bench.want(
                Bench.namespace.merging(pod("a", cpu: "1500m", asLimit: asLimit)) { $1 })
            try await eventually("the first is made") { try await bench.found("a") != nil }
            bench.want(pod("b", cpu: "600m", asLimit: asLimit).merging(pod("c", cpu: "500m")) { $1 })
            try await eventually("the third is made") { try await bench.found("c") != nil }
            try await eventually("the second is refused") { bench.link.pod("b")?.refused != nil }
            let refusal = try #require(bench.link.pod("b")?.refused)
            #expect(refusal.reason == "ShareExceeded")
            #expect(refusal.message.hasPrefix("the edge shares 2 of cpu with cloud; its pods use "))
            #expect(refusal.message.hasSuffix("and this one asks for 600m"))
            #expect(try await bench.found("b") == nil)
            // A finished pod takes nothing any more.
            try await bench.setStatus("a", ["phase": "Succeeded"])
            try await eventually("there is room for the second") { try await bench.found("b") != nil }
            #expect(bench.context.shares.used(by: Bench.hubID)["cpu"] == Quantity(milli: 1100))
        }
    }

    @Test("many at once get no more than the share, whoever is looked at first")
    func atOnce() async throws {
        try await bench("pods=3").run { bench in
            let pods = (0..<20).map { pod("p\($0)", cpu: "1m") }.reduce(Bench.namespace) { $0.merging($1) { $1 } }
            bench.want(pods)
            try await eventually("all are decided") {
                (0..<20).filter { bench.link.pod("p\($0)")?.refused != nil }.count == 17
            }
            #expect(try await bench.cluster.list(.pods).items.count == 3)
        }
    }

    @Test("a hub's own share goes before the edge's, and one that is no share does not count")
    func annotated() async throws {
        var foreign = ForeignCluster(
            name: "cloud", clusterID: Bench.hubID, clusterName: "cloud", authURL: "", outgoing: .no, incoming: .yes
        ).object
        foreign.annotations[Names.shareAnnotation] = "cpu=3,example.com/gpu=0"
        let bench = try await Bench(
            existing: [(.nodes, Self.node), (.foreignClusters, foreign)], share: try #require(EdgeShare("pods=0")))
        try await bench.run { bench in
            bench.want(
                Bench.namespace.merging(pod("a", cpu: "3")) { $1 }
                    .merging(pod("g", cpu: "0", more: ["example.com/gpu": "1"])) { $1 })
            try await eventually("made") { try await bench.found("a") != nil }
            try await eventually("no device is shared") {
                bench.link.pod("g")?.refused?.message.contains("shares 0 of example.com/gpu") == true
            }
            _ = try await bench.cluster.merge(
                .foreignClusters, name: "cloud", ["metadata": ["annotations": [Names.shareAnnotation: "lots"]]])
            try await eventually("the edge's own setting applies") {
                bench.context.share(of: bench.hub) == EdgeShare("pods=0")
            }
            bench.want(pod("b", cpu: "1m"))
            try await eventually("refused") { bench.link.pod("b")?.refused?.reason == "ShareExceeded" }
            #expect(try await bench.found("a") != nil)
        }
    }

    @Test("of what an edge does not have, a part of everything is nothing")
    func absent() async throws {
        try await bench("50%").run { bench in
            bench.want(
                Bench.namespace.merging(pod("g", cpu: "1m", more: ["example.com/gpu": "1"])) { $1 })
            try await eventually("refused") { bench.link.pod("g")?.refused?.reason == "ShareExceeded" }
        }
    }

    @Test("a pod that could not be made gives its place back")
    func released() {
        let ledger = ShareLedger()
        let one: ResourceAmounts = ["pods": Quantity(1)]
        #expect(ledger.grant(.pod("n", "a"), one, hub: "h", limits: one) == nil)
        // Asked for again it is the same pod.
        #expect(ledger.grant(.pod("n", "a"), one, hub: "h", limits: one) == nil)
        #expect(ledger.grant(.pod("n", "b"), one, hub: "h", limits: one)?.resource == "pods")
        #expect(ledger.grant(.pod("n", "b"), one, hub: "other", limits: one) == nil)
        ledger.release(.pod("n", "a"), hub: "h")
        #expect(ledger.grant(.pod("n", "b"), one, hub: "h", limits: one) == nil)
    }

    private static func marks(_ hub: String, uid: String) -> [String: String] {
        [
            Names.originClusterIDLabel: hub, Names.managedByLabel: Names.managedByValue, Names.originUIDLabel: uid,
        ]
    }

    private static func pod(_ name: String, uid: String) -> KubernetesObject {
        KubernetesObject(
            .pods, name: name, namespace: "demo",
            [
                "metadata": [
                    "uid": .string(uid), "labels": JSON(marks("h", uid: uid)),
                    "annotations": [Names.originalNamespaceAnnotation: "demo"],
                ]
            ])
    }

    @Test("the end of a pod that is heard late does not uncount the next one under its name")
    func lateEnd() {
        let ledger = ShareLedger()
        let one: ResourceAmounts = ["pods": Quantity(1)]
        let old = Self.pod("a", uid: "old")
        ledger.note(InformerChange(old: nil, new: old))
        #expect(ledger.used(by: "h")["pods"] == Quantity(1))
        // The local copy of the cluster shows the pod as gone before its handlers are told.
        #expect(ledger.grant(.pod("demo", "a"), one, hub: "h", limits: one) == nil)
        ledger.note(InformerChange(old: old, new: nil))
        #expect(ledger.used(by: "h")["pods"] == Quantity(1))
        #expect(ledger.grant(.pod("demo", "b"), one, hub: "h", limits: one)?.used == Quantity(1))
        ledger.note(InformerChange(old: nil, new: Self.pod("a", uid: "new")))
        #expect(ledger.used(by: "h")["pods"] == Quantity(1))
        ledger.note(InformerChange(old: Self.pod("a", uid: "new"), new: nil))
        #expect(ledger.grant(.pod("demo", "b"), one, hub: "h", limits: one) == nil)
    }

    @Test("a pod that is there already counts once when it is asked for again")
    func askedAgain() {
        let ledger = ShareLedger()
        let one: ResourceAmounts = ["pods": Quantity(1)]
        ledger.note(InformerChange(old: nil, new: Self.pod("a", uid: "u")))
        #expect(ledger.grant(.pod("demo", "a"), one, hub: "h", limits: one) == nil)
        #expect(ledger.used(by: "h")["pods"] == Quantity(1))
    }

    @Test("a pod of which nobody knows whether it was made counts until that is known")
    func unanswered() async throws {
        try await bench("pods=1").run { bench in
            bench.cluster.loseAnswers(to: .pods)
            bench.want(Bench.namespace.merging(pod("a", cpu: "1m")) { $1 })
            try await eventually("made", within: .seconds(30)) { try await bench.found("a") != nil }
            #expect(bench.context.shares.used(by: Bench.hubID)["pods"] == Quantity(1))
            bench.cluster.loseAnswers(to: nil)
            bench.want(pod("b", cpu: "1m"))
            try await eventually("the second is refused", within: .seconds(30)) {
                bench.link.pod("b")?.refused?.reason == "ShareExceeded"
            }
            #expect(bench.link.pod("a")?.refused == nil)
            #expect(try await bench.cluster.list(.pods).items.count == 1)
        }
    }

    @Test("an agent that starts anew counts what runs before it lets anything through")
    func afterRestart() async throws {
        var existing: [(ResourceType, KubernetesObject)] = [(.nodes, Self.node)]
        var namespace = KubernetesObject(.namespaces, name: "demo")
        namespace.labels = Self.marks(Bench.hubID, uid: "")
        namespace.annotations = [Names.originalNamespaceAnnotation: "demo"]
        existing.append((.namespaces, namespace))
        for name in ["a", "b"] {
            var pod = Self.pod(name, uid: "")
            pod.labels = Self.marks(Bench.hubID, uid: "u-\(name)")
            existing.append((.pods, pod))
        }
        let bench = try await Bench(existing: existing, share: try #require(EdgeShare("pods=2")))
        // The hub is there before the cluster was read, and its pods are listed last of all.
        bench.cluster.holdLists(of: .pods)
        let wanted = ["a", "b", "c", "d"].map { pod($0, cpu: "0") }.reduce(Bench.namespace) { $0.merging($1) { $1 } }
        bench.want(wanted)
        async let release: Void = {
            try await eventually("the nodes were read", within: .seconds(30)) { bench.context.areSharesKnown }
            bench.cluster.holdLists(of: nil)
        }()
        try await bench.run { bench in
            try await eventually("the others are refused", within: .seconds(30)) {
                ["c", "d"].allSatisfy { bench.link.pod($0)?.refused?.reason == "ShareExceeded" }
            }
            #expect(try await bench.cluster.list(.pods).items.map(\.name).sorted() == ["a", "b"])
        }
        try await release
    }

    @Test("a hub is told of its share only: in all, free, and at one place")
    func advertised() {
        let pods: ResourceAmounts = ["cpu": Quantity(milli: 1500), "pods": Quantity(2)]
        let share = EdgeShare("50%,pods=20")?.limits(of: ["cpu": Quantity(4), "pods": Quantity(10)]) ?? [:]
        let found = ClusterCapacity(nodes: [Self.node], others: [:], own: [:]).limited(to: share, used: pods)
        #expect(found.capacity.texts["cpu"] == "2")
        #expect(found.allocatable.texts["cpu"] == "2")
        #expect(found.largestFit.texts["cpu"] == "500m")
        #expect(found.capacity.texts["pods"] == "10")
        #expect(found.allocatable.texts["memory"] == "8Gi")
    }
}
