import Glibc
import KubernetesModel
import NIOCore
import OffloadingModel

/// Equal pods of one Deployment, offloaded to real agents with the hollow runtime: from its creation until a watcher of the
/// origin has seen all of them Running; then what a reconnect costs that finds nothing changed.
struct OffloadingMeasurement {
    /// What is aimed at.
    enum Goals {
        case few
        case many
    }

    let agents: Int
    let pods: Int
    var goals: Goals?

    private static let namespace = "bench"

    private var title: String { "\(pods) pods, \(agents) agent\(agents == 1 ? "" : "s")" }

    func run(_ report: inout BenchmarkReport) async throws {
        report.progress("Starting a hub and \(agents) agents")
        let folder = try ScratchFolder()
        let hub = try await MeasuredCluster("causeway-hub", named: "hub", in: folder.path)
        defer { hub.end() }
        var edges: [MeasuredCluster] = []
        defer { for edge in edges { edge.end() } }
        var relays: [Relay] = []
        for number in 0..<agents {
            let edge = try await MeasuredCluster.hollowAgent(number, pods: pods / agents, in: folder.path)
            edges.append(edge)
            let relay = try await Relay.start(to: edge.peerPort)
            relays.append(relay)
            try await hub.peer(with: edge, port: relay.port)
        }
        try await NodeWatch(hub.api).ready(count: agents, within: .seconds(60))
        try await hub.api.offloadNamespace(Self.namespace)
        try await Task.sleep(for: .seconds(3))

        report.progress("Offloading \(title)")
        let counter = try await ArrivalCounter(
            "/api/v1/namespaces/\(Self.namespace)/pods?watch=true&fieldSelector=status.phase%3DRunning", at: hub.server)
        let before = (
            bytes: Self.bytes(relays), hub: try hub.program.usage().processorSeconds,
            agents: try edges.map { try $0.program.usage().processorSeconds }.reduce(0, +)
        )
        let begun = ContinuousClock.now
        try await hub.api.deploy(pods, in: Self.namespace)
        let last = try await counter.wait(for: pods, within: .seconds(600))
        let bytes = Self.bytes(relays) - before.bytes
        let usages = try edges.map { try $0.program.usage() }
        let hubUsage = try hub.program.usage()
        await counter.close()
        let seconds = (last - begun) / .seconds(1)
        report.add(
            Measurement(
                name: "\(title): applied to all Running", value: seconds, unit: "s",
                goal: goals == .many ? 10 * Double(pods) / 10_000 : nil,
                details: [
                    .init(name: "a pod", value: seconds * 1000 / Double(pods), unit: "ms"),
                    .init(
                        name: "hub's CPU a pod", value: (hubUsage.processorSeconds - before.hub) * 1000 / Double(pods),
                        unit: "ms"),
                    .init(
                        name: "agents' CPU a pod",
                        value: (usages.map(\.processorSeconds).reduce(0, +) - before.agents) * 1000 / Double(pods),
                        unit: "ms"),
                ]))
        report.add(
            Measurement(
                name: "\(title): on the wire, a pod", value: Double(bytes) / Double(pods), unit: "bytes",
                goal: goals == nil ? nil : 300))
        let agentsBytes = usages.map(\.residentBytes).reduce(0, +)
        report.add(
            goals == .few
                ? Measurement(
                    name: "\(title): hub and agent, with their clusters",
                    value: Double(hubUsage.residentBytes + agentsBytes) / 1e6, unit: "MB", goal: 60,
                    details: [.init(name: "hub", value: Double(hubUsage.residentBytes) / 1e6, unit: "MB")])
                : Measurement(
                    name: "\(title): hub's memory", value: Double(hubUsage.residentBytes) / 1e6, unit: "MB",
                    goal: goals == .many ? 300 : nil,
                    details: [
                        .init(name: "peak", value: Double(hub.program.peakBytes) / 1e6, unit: "MB"),
                        .init(name: "an agent", value: Double(agentsBytes) / Double(agents) / 1e6, unit: "MB"),
                    ]))
        if pods > 100 { try await reconnect(hub, relays, &report) }
    }

    private func reconnect(
        _ hub: MeasuredCluster, _ relays: [Relay], _ report: inout BenchmarkReport
    ) async throws {
        report.progress("Reconnecting with \(title)")
        try await Task.sleep(for: .seconds(5))
        let before = (bytes: Self.bytes(relays), cpu: try hub.program.usage().processorSeconds)
        for relay in relays {
            relay.cut()
            relay.mend()
        }
        try await Task.sleep(for: .seconds(6))
        let bytes = Self.bytes(relays) - before.bytes
        let used = try hub.program.usage().processorSeconds - before.cpu
        let times = relays.map { relay -> Duration in
            let traffic = relay.traffic
            guard let start = traffic.connectedAt, let end = traffic.lastPieceAt else { return .zero }
            return end - start
        }
        report.add(
            Measurement(
                name: "\(title): in step again after a reconnect", value: (times.max() ?? .zero) / .milliseconds(1),
                unit: "ms", goal: goals == .many ? 500 : nil,
                details: [
                    .init(name: "on the wire, a pod", value: Double(bytes) / Double(pods), unit: "bytes"),
                    .init(name: "hub's CPU within 6 s", value: used * 1000, unit: "ms"),
                ]))
    }

    private static func bytes(_ relays: [Relay]) -> Int { relays.reduce(0) { $0 + $1.traffic.bytes } }
}
