import Foundation
import JSONTree
import KubernetesModel
import Scheduling
import Testing

/// The short way to a decision against the plain one, which looks at every node.
///
/// `SCHEDULING_SEED` sets the first seed, to repeat a run that failed.
@Suite struct TemplateViewTests {
    private static let firstSeed = ProcessInfo.processInfo.environment["SCHEDULING_SEED"].flatMap { UInt64($0) } ?? 1

    private func follow(seed: UInt64, nodes: Int, pods: Int, templates: Int, steps: Int, hasAffinities: Bool) throws {
        var cluster = RandomCluster(seed: seed, nodes: nodes, pods: pods, hasAffinities: hasAffinities)
        for _ in 0..<nodes * 2 { cluster.scheduler.snapshot.setNode(cluster.node()) }
        let templates = (0..<templates).map { _ in cluster.template() }
        var placed = 0
        for step in 0..<steps {
            if cluster.chance(1, in: 3) { cluster.change() }
            var pod = cluster.pick(templates)
            pod.json["metadata", "name"] = .string(cluster.podName())
            let workload = LabelSelector([.init(key: "app", operator: .in, values: [pod.labels["app"] ?? ""])])
            // Half of the pods belong to a workload.
            let pending = try PendingPod(pod, workload: pod.labels["rev"] == "1" ? workload : nil)
            let plain = cluster.scheduler.decide(pending).node
            let short = cluster.scheduler.node(for: pending)
            guard short == plain else {
                Issue.record(
                    "seed \(seed), step \(step): \(short ?? "none") instead of \(plain ?? "none") for \(pod.json)")
                return
            }
            if step % 25 == 0 {
                let kept = SchedulingCase.outcome(cluster.scheduler.evaluate(pending))
                var fresh = cluster.rebuilt()
                guard kept == SchedulingCase.outcome(fresh.evaluate(pending)) else {
                    Issue.record("seed \(seed), step \(step): the counts are not those of a snapshot made anew")
                    return
                }
            }
            guard let node = short, cluster.chance(4, in: 5) else { continue }
            placed += 1
            cluster.scheduler.snapshot.setPod(TestCluster.placed(pod, on: node))
        }
        #expect(placed > steps / 20, "seed \(seed)")
    }

    @Test(
        "the short way chooses what the plain one does, whatever happens in between", arguments: 0..<16 as Range<UInt64>
    )
    func equalChoices(offset: UInt64) throws {
        try follow(
            seed: Self.firstSeed &+ offset, nodes: 12, pods: 60, templates: 12, steps: 600,
            hasAffinities: offset % 2 == 1)
    }

    @Test("also where there are many nodes", arguments: 100..<103 as Range<UInt64>)
    func manyNodes(offset: UInt64) throws {
        try follow(
            seed: Self.firstSeed &+ offset, nodes: 150, pods: 900, templates: 5, steps: 300,
            hasAffinities: offset % 2 == 1)
    }

    @Test("also where domains with equally many pods are pooled", arguments: 200..<206 as Range<UInt64>)
    func pooledDomains(offset: UInt64) throws {
        try follow(
            seed: Self.firstSeed &+ offset, nodes: 40, pods: 160, templates: 8, steps: 400,
            hasAffinities: offset % 2 == 1)
    }

    @Test("a copy goes its own way")
    func copies() throws {
        var first = SpreadScheduler()
        for name in ["a", "b"] { first.snapshot.setNode(try TestCluster.node(name)) }
        let pod = TestCluster.pod("p", spreadOver: "kubernetes.io/hostname")
        let node = try #require(first.node(for: try PendingPod(pod)))
        var second = first
        first.snapshot.setPod(TestCluster.placed(pod, on: node))
        let next = try PendingPod(TestCluster.pod("q", spreadOver: "kubernetes.io/hostname"))
        #expect(second.node(for: next) == node)
        #expect(first.node(for: next) != node)
        second.snapshot.removeNode(node)
        #expect(second.node(for: next) != node)
    }

    @Test("another seed settles ties anew")
    func seeds() throws {
        let chosen = try (0..<8 as Range<UInt64>).map { seed in
            var scheduler = SpreadScheduler(seed: seed)
            for number in 0..<8 { scheduler.snapshot.setNode(try TestCluster.node("n\(number)")) }
            return scheduler.node(for: try PendingPod(TestCluster.pod("p")))
        }
        #expect(Set(chosen).count > 2)
    }
}
