import ArgumentParser

/// Measures the programs that stand beside it. `scripts/bench` builds both and chooses the measurement.
@main
struct Program: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Benchmarks", abstract: "Measures Causeway's programs on this machine.",
        subcommands: [
            APIBenchmark.self, SchedulingBenchmark.self, PeeringBenchmark.self, KubernetesBenchmark.self,
            BareServer.self,
            BareCluster.self, SimulatedEdges.self,
        ])
}
