import ClusterAPI
import Glibc
import JSONTree
import KubernetesModel
import OffloadingModel

/// An edge with all pods is switched off (`outgoingPeeringEnabled: "No"`): until as many are Running on the other.
struct FailoverMeasurement {
    let pods: Int

    func run(_ report: inout BenchmarkReport) async throws {
        report.progress("Starting a hub and two agents")
        let folder = try ScratchFolder()
        let hub = try await MeasuredCluster("causeway-hub", named: "hub", in: folder.path)
        defer { hub.end() }
        var edges: [MeasuredCluster] = []
        defer { for edge in edges { edge.end() } }
        for number in 0..<2 {
            edges.append(try await MeasuredCluster.hollowAgent(number, pods: pods, in: folder.path))
        }
        let nodes = NodeWatch(hub.api)
        try await hub.peer(with: edges[0], port: edges[0].peerPort)
        try await nodes.ready(count: 1, within: .seconds(60))
        try await hub.api.offloadNamespace("bench")
        func running(on edge: MeasuredCluster) async throws -> ArrivalCounter {
            let node = Names.virtualNode(edge.info.clusterName)
            return try await ArrivalCounter(
                "/api/v1/namespaces/bench/pods?watch=true&fieldSelector=status.phase%3DRunning,spec.nodeName%3D\(node)",
                at: hub.server)
        }
        let first = try await running(on: edges[0])
        try await hub.api.deploy(pods, in: "bench")
        _ = try await first.wait(for: pods, within: .seconds(120))
        await first.close()
        try await hub.peer(with: edges[1], port: edges[1].peerPort)
        try await nodes.ready(count: 2, within: .seconds(60))
        try await Task.sleep(for: .seconds(3))

        report.progress("Switching an edge off")
        let second = try await running(on: edges[1])
        let begun = ContinuousClock.now
        _ = try await hub.api.merge(
            .foreignClusters, name: edges[0].info.clusterName, ["spec": ["outgoingPeeringEnabled": "No"]])
        let last = try await second.wait(for: pods, within: .seconds(120))
        await second.close()
        report.add(
            Measurement(
                name: "an edge is switched off: its \(pods) pods Running elsewhere",
                value: (last - begun) / .milliseconds(1), unit: "ms", goal: 1000))
    }
}
