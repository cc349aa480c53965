import ArgumentParser
import ClusterAPI
import Glibc
import JSONTree
import KubernetesModel
import OffloadingModel

/// A Deployment of a real origin, offloaded to agents with clusters of their own: how long its pods take stage by stage, what
/// the origin's API server is asked for them and by whom, and what that costs hub and API server.
struct KubernetesBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kubernetes", abstract: "Measure offloading from a real control plane.")

    @OptionGroup var options: ReportOptions

    @Option(help: "The folder of the control plane.")
    var controlPlane: String

    @Option(help: "The kubeconfig by which the hub has its rights, and no others.")
    var kubeconfig: String

    @Option(name: .customLong("webhook-url"), help: "Where the API server asks the hub about pods.")
    var webhookURL: String

    private static let namespace = "bench"
    private static let edges = 10

    private var pods: Int { options.quick ? 100 : 500 }
    private var title: String { "\(pods) pods, \(Self.edges) edges" }

    func run() async throws {
        var report = BenchmarkReport("kubernetes", options)
        report.progress("Starting a hub and \(Self.edges) agents")
        let origin = try ControlPlane(controlPlane)
        let folder = try ScratchFolder()
        let hub = try await MeasuredCluster(
            "causeway-hub", named: "hub", in: folder.path, on: kubeconfig, ["--webhook-url", webhookURL])
        defer { hub.end() }
        var edges: [MeasuredCluster] = []
        defer { for edge in edges { edge.end() } }
        for number in 0..<Self.edges {
            let edge = try await MeasuredCluster.hollowAgent(number, pods: pods / Self.edges, in: folder.path)
            edges.append(edge)
            try await origin.api.peer(with: edge, port: edge.peerPort)
        }
        try await NodeWatch(origin.api).ready(count: Self.edges, within: .seconds(120))
        try await origin.api.offloadNamespace(Self.namespace)
        let stages = try await PodStages(origin: origin.api, edges: edges.map(\.api), namespace: Self.namespace)
        // Until what peering has begun is over.
        try await Task.sleep(for: .seconds(3))

        report.progress("Offloading \(title)")
        let skipped = SystemFile.lines(origin.auditLog).count
        let before = try Usages(origin, hub, edges)
        let start = PodStages.now()
        // Hollow pods have no network, which the hub says of the nodes, and Kubernetes' own controller taints those.
        let toleration: JSON = ["key": "node.kubernetes.io/network-unavailable", "operator": "Exists"]
        try await origin.api.deploy(pods, in: Self.namespace, tolerations: [toleration])
        try await stages.wait(for: pods, within: .seconds(600))
        let after = try Usages(origin, hub, edges)
        // Until the last events are written, and their requests are in the logs.
        try await Task.sleep(for: .seconds(3))
        stages.takePlacements(from: "\(folder.path)/hub/audit.log")
        add(stages, since: start, to: &report)
        add(AuditedRequests(origin.auditLog, after: skipped), to: &report)
        add(before, after, peak: hub.program.peakBytes, to: &report)
        report.finish()
    }

    private func add(_ stages: PodStages, since start: Int, to report: inout BenchmarkReport) {
        let seconds = stages.last(.written, since: start)
        report.add(
            Measurement(
                name: "\(title): applied to all Running", value: seconds, unit: "s",
                details: [.init(name: "a pod", value: seconds * 1000 / Double(pods), unit: "ms")]))
        for stage in PodStages.Stage.allCases {
            let durations = stages.durations(stage, since: start)
            guard !durations.isEmpty else { continue }
            report.add(
                Measurement(
                    name: "\(stage.words): median", value: durations[durations.count / 2], unit: "ms",
                    details: [
                        .init(name: "99 %", value: durations[durations.count * 99 / 100], unit: "ms"),
                        .init(name: "the last", value: stages.last(stage, since: start), unit: "s after the start"),
                    ]))
        }
    }

    private func add(_ requests: AuditedRequests, to report: inout BenchmarkReport) {
        func aPod(_ count: Int) -> Double { Double(count) / Double(pods) }
        func details(_ isMeant: (AuditedRequests.Kind) -> Bool, isClientSaid: Bool) -> [Measurement.Detail] {
            requests.most(12, isMeant).filter { aPod($0.count) >= 0.005 }.map { kind, count in
                let name = "\(kind.verb) \(kind.resource)"
                return .init(name: isClientSaid ? "\(kind.client): \(name)" : name, value: aPod(count), unit: "")
            }
        }
        let isHubs = { (kind: AuditedRequests.Kind) in kind.client == "hub" }
        // What the measurement itself asks for is no part of what it measures.
        let isOthers = { (kind: AuditedRequests.Kind) in kind.client != "hub" && kind.client != "kubernetes-admin" }
        report.add(
            Measurement(
                name: "writes to the API server, a pod", value: aPod(requests.count { $0.isWrite }), unit: "", goal: 6,
                details: details({ $0.isWrite && isOthers($0) }, isClientSaid: true)))
        report.add(
            Measurement(
                name: "the hub's of them", value: aPod(requests.count { $0.isWrite && isHubs($0) }), unit: "",
                details: details({ $0.isWrite && isHubs($0) }, isClientSaid: false) + [
                    .init(name: "refused", value: aPod(requests.refusedWrites), unit: "")
                ]))
        report.add(
            Measurement(
                name: "the hub's reads, a pod", value: aPod(requests.count { !$0.isWrite && isHubs($0) }), unit: "",
                details: details({ !$0.isWrite && isHubs($0) }, isClientSaid: false)))
    }

    private func add(_ before: Usages, _ after: Usages, peak: Int, to report: inout BenchmarkReport) {
        func aPod(_ part: (Usages) -> Double) -> Double { (part(after) - part(before)) * 1000 / Double(pods) }
        report.add(
            Measurement(
                name: "hub's CPU a pod", value: aPod(\.hub.processorSeconds), unit: "ms",
                goal: aPod(\.origin.apiServer.processorSeconds),
                details: [
                    .init(name: "kube-apiserver", value: aPod(\.origin.apiServer.processorSeconds), unit: "ms"),
                    .init(name: "etcd", value: aPod(\.origin.store.processorSeconds), unit: "ms"),
                    .init(
                        name: "kube-controller-manager", value: aPod(\.origin.controllers.processorSeconds), unit: "ms"),
                    .init(name: "agents with their clusters", value: aPod(\.edges), unit: "ms"),
                ]))
        report.add(
            Measurement(
                name: "hub's memory", value: Double(after.hub.residentBytes) / 1e6, unit: "MB",
                details: [
                    .init(name: "peak", value: Double(peak) / 1e6, unit: "MB"),
                    .init(
                        name: "kube-apiserver", value: Double(after.origin.apiServer.residentBytes) / 1e6, unit: "MB"),
                ]))
    }
}

/// What all of the programs have used until a moment.
private struct Usages {
    let origin: ControlPlane.Usage
    let hub: ProcessUsage
    /// In seconds, of all agents together.
    let edges: Double

    init(_ origin: ControlPlane, _ hub: MeasuredCluster, _ edges: [MeasuredCluster]) throws {
        self.origin = try origin.usage()
        self.hub = try hub.program.usage()
        self.edges = try edges.map { try $0.program.usage().processorSeconds }.reduce(0, +)
    }
}

extension PodStages.Stage {
    fileprivate var words: String {
        switch self {
        case .created: "from the Deployment to the pod"
        case .scheduled: "from there to its node"
        case .sent: "to its being sent"
        case .accepted: "to the edge's having it"
        case .running: "to its running there"
        case .written: "to the origin's saying so"
        }
    }
}
