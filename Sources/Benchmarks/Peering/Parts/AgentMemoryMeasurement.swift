import ClusterAPI
import Glibc
import KubernetesModel

/// An agent that is a client of a cluster which another process serves: what the agent alone takes.
struct AgentMemoryMeasurement {
    let pods: Int

    func run(_ report: inout BenchmarkReport) async throws {
        report.progress("Starting an agent beside its cluster")
        let folder = try ScratchFolder()
        let hub = try await MeasuredCluster("causeway-hub", named: "hub", in: folder.path)
        defer { hub.end() }
        let (cluster, kubeconfig) = try MeasuredCluster.bareCluster(named: "beside", in: folder.path)
        defer { cluster.end(SIGKILL) }
        let agent = try await MeasuredCluster("causeway-agent", named: "edge", in: folder.path, on: kubeconfig)
        defer { agent.end() }
        try await hub.peer(with: agent, port: agent.peerPort)
        try await NodeWatch(hub.api).ready(count: 1, within: .seconds(60))
        try await hub.api.offloadNamespace("bench")
        let counter = try await ArrivalCounter(
            "/api/v1/namespaces/bench/pods?watch=true&fieldSelector=status.phase%3DRunning", at: hub.server)
        report.progress("Offloading \(pods) pods to it")
        try await hub.api.deploy(pods, in: "bench")
        _ = try await counter.wait(for: pods, within: .seconds(120))
        await counter.close()
        try await Task.sleep(for: .seconds(5))
        report.add(
            Measurement(
                name: "an agent apart from its cluster, \(pods) pods",
                value: Double(try agent.program.usage().residentBytes) / 1e6, unit: "MB", goal: 20,
                details: [.init(name: "peak", value: Double(agent.program.peakBytes) / 1e6, unit: "MB")]))
    }
}
