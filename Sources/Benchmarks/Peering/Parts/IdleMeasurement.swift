import ClusterAPI
import Digests
import Glibc
import KubernetesModel
import NIOCore
import OffloadingModel
import Sessions

/// Many edges that have joined a hub: what they cost while nothing happens, and how they come back when the network between has
/// been away (F22). The hub is a process of its own, the agents are another.
struct IdleMeasurement {
    let edges: Int
    let time: Duration

    func run(_ report: inout BenchmarkReport) async throws {
        report.progress("Starting a hub")
        let folder = try ScratchFolder()
        let hub = try await MeasuredCluster("causeway-hub", named: "hub", in: folder.path)
        defer { hub.end() }
        let alone = try hub.program.usage()
        guard let pin = Hex.decode(hub.info.authorityPin) else { throw BenchmarkFailure("the hub has no authority") }
        var tokens: [String] = []
        for _ in 0..<edges { tokens.append(try await hub.api.issueToken(pin: pin).text) }
        let relay = try await Relay.start(to: hub.peerPort)
        let nodes = NodeWatch(hub.api)

        report.progress("Having \(edges) edges join")
        let begun = ContinuousClock.now
        let invitation = HubInvitation(
            clusterID: hub.info.clusterID, clusterName: hub.info.clusterName, address: "127.0.0.1:\(relay.port)",
            tokens: tokens)
        let simulation = try EdgeSimulation(joining: invitation, in: folder.path)
        let ready = try await nodes.ready(count: edges, within: .seconds(300))
        let last = ready.values.max() ?? .now
        report.add(
            Measurement(
                name: "\(edges) edges join at once, all Ready", value: (last - begun) / .seconds(1), unit: "s"))

        report.progress("Watching \(edges) idle peers")
        try await Task.sleep(for: .seconds(15))
        // The hub deletes the tokens that have been used within a minute: not what an idle peer costs.
        try await hub.api.waitForTokensToGo(within: .seconds(75))
        let before = (
            usage: try hub.program.usage(), agents: try simulation.program.usage(), bytes: relay.traffic.bytes,
            at: ContinuousClock.now
        )
        try await Task.sleep(for: time)
        let (after, agents) = (try hub.program.usage(), try simulation.program.usage())
        let seconds = (ContinuousClock.now - before.at) / .seconds(1)
        report.add(
            Measurement(
                name: "\(edges) idle peers: of a core",
                value: (after.processorSeconds - before.usage.processorSeconds) * 100 / seconds, unit: "%", goal: 2,
                details: [
                    .init(name: "hub", value: Double(after.residentBytes) / 1e6, unit: "MB"),
                    .init(
                        name: "per peer",
                        value: Double(after.residentBytes - alone.residentBytes) / Double(edges) / 1e3,
                        unit: "kB"),
                    .init(
                        name: "the agents together",
                        value: (agents.processorSeconds - before.agents.processorSeconds) * 100 / seconds, unit: "%"),
                ]))
        report.add(
            Measurement(
                name: "bytes a minute and peer",
                value: Double(relay.traffic.bytes - before.bytes) * 60 / seconds / Double(edges), unit: "bytes"))

        report.progress("Cutting \(edges) peers off")
        relay.cut()
        try await nodes.ready(count: 0, within: .seconds(60))
        // As long as a short failure of a network; the diallers' waits have grown to their longest.
        try await Task.sleep(for: .seconds(20))
        let away = try hub.program.usage()
        let mended = ContinuousClock.now
        relay.mend()
        let back = try await nodes.ready(count: edges, within: .seconds(300))
        let times = back.values.map { $0 - mended }.sorted()
        let usage = try hub.program.usage()
        report.add(
            Measurement(
                name: "\(edges) edges come back at once, all Ready (F22)",
                value: LoadResult.milliseconds(1, of: times) / 1000, unit: "s", goal: 30,
                details: [
                    .init(name: "median", value: LoadResult.milliseconds(0.5, of: times) / 1000, unit: "s"),
                    .init(name: "hub's CPU", value: usage.processorSeconds - away.processorSeconds, unit: "s"),
                    .init(name: "hub's peak", value: Double(hub.program.peakBytes) / 1e6, unit: "MB"),
                ]))
        simulation.program.end(SIGKILL)
        await relay.stop()
    }
}
