import ArgumentParser
import NIOCore
import NIOPosix

/// The spread scheduler: alone, and through the API of an embedded cluster from a pod's creation to the watcher that sees its
/// node.
struct SchedulingBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scheduling", abstract: "Measure the spread scheduler.")

    @OptionGroup var options: ReportOptions

    @Flag(help: "Leave out what needs no API.")
    var onlyThroughAPI = false

    func run() async throws {
        var report = BenchmarkReport("scheduling", options)
        if !onlyThroughAPI {
            // First, while the process has no memory to spare.
            let decisions = DecisionBenchmark(isQuick: options.quick)
            try decisions.memory(&report)
            try decisions.times(&report)
        }
        try await ClusterSchedulingBenchmark(nodes: 500, plainPods: 0, spreadPods: 1_000).run(&report)
        if !options.quick {
            try await ClusterSchedulingBenchmark(nodes: 5_000, plainPods: 5_000, spreadPods: 5_000).run(&report)
        }
        report.finish()
    }
}
