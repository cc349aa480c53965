import ClusterAPI
import KubernetesModel
import NIOCore

/// From the ForeignCluster's creation, as `causewayctl peer` makes it, to the Ready virtual node that a watcher sees: one edge
/// after the other, over a slow network, and all at once.
struct PeeringMeasurement {
    let edges: Int
    /// How many one after the other.
    let singles: Int

    func run(_ report: inout BenchmarkReport) async throws {
        report.progress("Starting a hub and \(edges) simulated edges")
        let folder = try ScratchFolder()
        let hub = try await MeasuredCluster("causeway-hub", named: "hub", in: folder.path)
        defer { hub.end() }
        let simulation = try EdgeSimulation(count: edges, in: folder.path)
        let nodes = NodeWatch(hub.api)
        var rest = simulation.edges[...]

        report.progress("Peering one by one")
        var times: [Duration] = []
        for edge in rest.prefix(singles) {
            times.append(try await peer(edge, port: edge.port, hub, nodes))
        }
        rest = rest.dropFirst(singles)
        report.add(Self.measurement("peering to Ready node, one after the other", times))

        report.progress("Peering over a slow network")
        times = []
        for edge in rest.prefix(singles / 4) {
            let relay = try await Relay.start(to: edge.port, roundTripDelay: .milliseconds(100))
            times.append(try await peer(edge, port: relay.port, hub, nodes))
        }
        rest = rest.dropFirst(singles / 4)
        report.add(Self.measurement("the same with 100 ms added to each round trip", times))

        for count in [10, 100, edges] where !rest.isEmpty {
            // The last round takes all that are left.
            let batch = count * 2 > rest.count ? rest : rest.prefix(count)
            rest = rest.dropFirst(batch.count)
            report.progress("Peering \(batch.count) at once")
            let before = try hub.program.usage()
            let api = hub.api
            let begun = try await withThrowingTaskGroup(of: (String, ContinuousClock.Instant).self) { group in
                for edge in batch {
                    group.addTask {
                        let begun = ContinuousClock.now
                        try await api.ask(for: edge.peering(), token: edge.token)
                        return (edge.name, begun)
                    }
                }
                return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            let ready = try await nodes.ready(count: edges - rest.count, within: .seconds(300))
            let times = begun.compactMap { name, begun in ready[name].map { $0 - begun } }
            let usage = try hub.program.usage()
            var measurement = Self.measurement("\(batch.count) peered at once", times)
            measurement.details.append(
                .init(
                    name: "hub's CPU per peering",
                    value: (usage.processorSeconds - before.processorSeconds) * 1000 / Double(batch.count), unit: "ms"))
            measurement.details.append(.init(name: "hub", value: Double(usage.residentBytes) / 1e6, unit: "MB"))
            report.add(measurement)
        }
    }

    private func peer(
        _ edge: EdgeSimulation.Edge, port: Int, _ hub: MeasuredCluster, _ nodes: NodeWatch
    ) async throws -> Duration {
        let begun = ContinuousClock.now
        try await hub.api.ask(for: edge.peering(port: port), token: edge.token)
        return try await nodes.ready(edge.name) - begun
    }

    private static func measurement(_ name: String, _ times: [Duration]) -> Measurement {
        let sorted = times.sorted()
        return Measurement(
            name: name, value: LoadResult.milliseconds(0.5, of: sorted), unit: "ms",
            details: [.init(name: "99 %", value: LoadResult.milliseconds(0.99, of: sorted), unit: "ms")])
    }
}
