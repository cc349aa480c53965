import Glibc
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOCore
import NIOPosix

/// Pods created over HTTPS in an embedded cluster until a watcher has seen all of them with a node.
struct ClusterSchedulingBenchmark {
    let nodes: Int
    /// Made and bound before, so that the cluster is not empty.
    let plainPods: Int
    let spreadPods: Int

    private static let clients = 16
    private static let namespace = "/api/v1/namespaces/default"

    func run(_ report: inout BenchmarkReport) async throws {
        let folder = try ScratchFolder()
        let size = "\(nodes) nodes"
        report.progress("Starting a hub for \(size)")
        let (hub, _) = try MeasuredServer.hub(in: folder.path)
        defer { hub.program.end(SIGKILL) }
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        let clients = try await LoadGenerator.connect(
            clients: Self.clients, to: hub.endpoint, tls: hub.tls, on: eventLoop)
        let request = RequestText(host: hub.endpoint.authority)
        let watcher = WatcherGroup()
        try await watcher.connect(
            1, to: hub.endpoint, tls: hub.tls,
            request: request.get("\(Self.namespace)/pods?watch=true&fieldSelector=spec.nodeName!%3D"), on: eventLoop)

        report.progress("Creating \(size)")
        let empty = try hub.program.usage().residentBytes
        let time = Timestamp.text(Int(Glibc.time(nil)))
        _ = try await clients.run(count: nodes, atMost: .seconds(120)) { number in
            let node = SchedulingWorkload.node(number, readySince: time)
            return request.send(
                "POST", "/api/v1/nodes", String(decoding: node.json.encoded(), as: UTF8.self))
        }
        let withNodes = try hub.program.usage().residentBytes
        if plainPods > 0 {
            report.progress("Scheduling \(plainPods) plain pods on \(size)")
            report.add(
                try await pods(
                    "plain pods bound, \(size)", count: plainPods, constraints: 0, hub, clients, request, watcher))
        }
        report.progress("Scheduling \(spreadPods) spread pods on \(size)")
        var measurement = try await pods(
            "spread pods bound, \(size)\(plainPods > 0 ? " with \(plainPods) pods" : "")", count: spreadPods,
            constraints: 1, hub, clients, request, watcher)
        measurement.goal = 3_000
        let withPods = try hub.program.usage().residentBytes
        measurement.details += [
            .init(name: "hub's memory per node", value: Double(withNodes - empty) / Double(nodes) / 1000, unit: "kB"),
            .init(
                name: "per pod", value: Double(withPods - withNodes) / Double(plainPods + spreadPods) / 1000, unit: "kB"
            ),
        ]
        report.add(measurement)
        await watcher.close()
        await clients.close()
    }

    private func pods(
        _ name: String, count: Int, constraints: Int, _ hub: MeasuredServer, _ clients: LoadGenerator,
        _ request: RequestText, _ watcher: WatcherGroup
    ) async throws -> Measurement {
        let pod = SchedulingWorkload.pod("@", namespace: "default", constraints: constraints)
        let text = String(decoding: pod.json.encoded(), as: UTF8.self).split(separator: "@").map(String.init)
        let kind = constraints == 0 ? "plain" : "spread"
        let usedBefore = try hub.program.usage().processorSeconds
        let begun = ContinuousClock.now
        async let created = clients.run(count: count, atMost: .seconds(300)) { number in
            request.send("POST", "\(Self.namespace)/pods", text.joined(separator: "\(kind)-\(number)"))
        }
        var last = begun
        var seen = 0
        while seen < count {
            let part = min(500, count - seen)
            last = try await watcher.events(part).last ?? last
            seen += part
        }
        let seconds = (last - begun) / .seconds(1)
        let used = try hub.program.usage().processorSeconds - usedBefore
        return Measurement(
            name: name, value: Double(count) / seconds, unit: "/s",
            details: [
                .init(name: "created", value: try await created.perSecond, unit: "/s"),
                .init(name: "server CPU", value: used * 1000 / Double(count), unit: "s per 1,000"),
            ])
    }
}
