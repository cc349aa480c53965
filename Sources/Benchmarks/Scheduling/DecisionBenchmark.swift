import Glibc
import KubernetesModel
import Scheduling

/// Decisions without a cluster around them: the scheduler alone, in this process.
struct DecisionBenchmark {
    let isQuick: Bool
    private static let time = "2026-01-01T00:00:00Z"

    private var sizes: [Int] { isQuick ? [50, 5_000] : [50, 500, 5_000, 50_000] }

    /// How long a decision takes by nodes and constraints, every node considered; the details tell it for a fuller cluster.
    func times(_ report: inout BenchmarkReport) throws {
        for nodes in sizes {
            for constraints in 1...3 {
                report.progress("Deciding among \(nodes) nodes by \(constraints) constraints")
                let pods = min(nodes * 20, isQuick ? 5_000 : 20_000)
                report.add(try time(nodes: nodes, pods: pods, constraints: constraints))
            }
        }
    }

    private func time(nodes: Int, pods: Int, constraints: Int) throws -> Measurement {
        var scheduler = SpreadScheduler()
        for number in 0..<nodes {
            scheduler.snapshot.setNode(SchedulingNode(SchedulingWorkload.node(number, readySince: Self.time)))
        }
        let pending = try (0..<pods).map {
            try PendingPod(SchedulingWorkload.pod("pod-\($0)", namespace: "d", constraints: constraints))
        }
        var first = Duration.zero
        var halves = [Duration.zero, Duration.zero]
        var placing = Duration.zero
        for (number, pod) in pending.enumerated() {
            let begun = ContinuousClock.now
            let node = scheduler.node(for: pod)
            let decided = ContinuousClock.now
            guard let node else { throw BenchmarkFailure("\(pod.key) has no node among \(nodes)") }
            var placed = pod.asPlaced
            placed.node = node
            scheduler.snapshot.setPod(placed)
            placing += ContinuousClock.now - decided
            // The first pod of a template has all nodes looked at.
            if number == 0 { first = decided - begun } else { halves[number * 2 / pods] += decided - begun }
        }
        let half = Double(pods) / 2
        return Measurement(
            name: "a decision, \(nodes) nodes, \(constraints) constraint\(constraints == 1 ? "" : "s")",
            value: (halves[0] + halves[1]) / .microseconds(1) / Double(pods - 1), unit: "µs",
            goal: nodes == 5_000 ? 10 : nil,
            details: [
                .init(name: "first half of \(pods) pods", value: halves[0] / .microseconds(1) / half, unit: "µs"),
                .init(name: "second half", value: halves[1] / .microseconds(1) / half, unit: "µs"),
                .init(name: "counting the pod in", value: placing / .microseconds(1) / Double(pods), unit: "µs"),
                .init(name: "first of its template", value: first / .milliseconds(1), unit: "ms"),
            ])
    }

    /// What a node and a pod take in the scheduler's memory, by what the process grows.
    func memory(_ report: inout BenchmarkReport) throws {
        report.progress("Weighing nodes and pods")
        let nodes = 10_000
        let pods = 200_000
        var scheduler = SpreadScheduler()
        let start = try ProcessUsage(of: getpid()).residentBytes
        for number in 0..<nodes {
            scheduler.snapshot.setNode(SchedulingNode(SchedulingWorkload.node(number, readySince: Self.time)))
        }
        let withNodes = try ProcessUsage(of: getpid()).residentBytes
        for number in 0..<pods {
            let pod = try PendingPod(SchedulingWorkload.pod("pod-\(number)", namespace: "d", constraints: 1))
            var placed = pod.asPlaced
            placed.node = "node-\(number % nodes)"
            scheduler.snapshot.setPod(placed)
        }
        let withPods = try ProcessUsage(of: getpid()).residentBytes
        _ = scheduler.node(for: try PendingPod(SchedulingWorkload.pod("new", namespace: "d", constraints: 1)))
        let withView = try ProcessUsage(of: getpid()).residentBytes
        for (name, bytes) in [
            ("a node in the scheduler's memory", Double(withNodes - start) / Double(nodes)),
            ("a pod in the scheduler's memory", Double(withPods - withNodes) / Double(pods)),
            ("a node in a template's view", Double(withView - withPods) / Double(nodes)),
        ] {
            report.add(Measurement(name: name, value: bytes, unit: "bytes"))
        }
    }
}
