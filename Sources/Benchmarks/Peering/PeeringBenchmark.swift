import ArgumentParser
import Glibc

/// Hub and agents: how fast they peer, what a thousand idle peers cost, how fast pods go out and come back as Running, and how
/// near to bare libssl the frames are.
struct PeeringBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peering", abstract: "Measure peering and offloading.")

    enum Part: String, ExpressibleByArgument, CaseIterable {
        case frames
        case peering
        case idle
        case offloading
        case memory
        case failover
    }

    @OptionGroup var options: ReportOptions

    @Option(parsing: .upToNextOption, help: "Measure these parts only.")
    var only: [Part] = Part.allCases

    @Option(help: "Offload so many pods, instead of the usual series.")
    var pods: Int?

    @Option(help: "Offload them over so many agents.")
    var agents = 1

    func run() async throws {
        Self.raiseFileLimit()
        var report = BenchmarkReport("peering", options)
        let isQuick = options.quick
        for part in Part.allCases where only.contains(part) {
            switch part {
            case .frames: try await FrameMeasurement(bytes: (isQuick ? 256 : 1024) << 20).run(&report)
            case .peering:
                try await PeeringMeasurement(edges: isQuick ? 100 : 1000, singles: isQuick ? 10 : 40).run(&report)
            case .idle:
                try await IdleMeasurement(edges: isQuick ? 100 : 1000, time: .seconds(isQuick ? 10 : 60)).run(&report)
            case .offloading:
                if let pods {
                    try await OffloadingMeasurement(agents: agents, pods: pods, goals: pods > 100 ? .many : .few)
                        .run(&report)
                    continue
                }
                try await OffloadingMeasurement(agents: 1, pods: 100, goals: .few).run(&report)
                try await OffloadingMeasurement(agents: 10, pods: isQuick ? 1000 : 10_000, goals: .many).run(&report)
                if !isQuick {
                    try await OffloadingMeasurement(agents: 10, pods: 100).run(&report)
                    try await OffloadingMeasurement(agents: 1, pods: 10_000).run(&report)
                }
            case .memory: try await AgentMemoryMeasurement(pods: 100).run(&report)
            case .failover: try await FailoverMeasurement(pods: 100).run(&report)
            }
        }
        report.finish()
    }

    /// A thousand edges are some thousand sockets in each of the processes.
    private static func raiseFileLimit() {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = min(limit.rlim_max, 65_536)
        setrlimit(resource, &limit)
    }
}
