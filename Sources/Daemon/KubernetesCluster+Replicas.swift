import AdmissionWebhook
import ClusterAPI
import ClusterBootstrap
import Digests
import FoundationEssentials
import Glibc
import JSONTree
import KubernetesClient
import KubernetesModel
import Leadership
import Logging
import OffloadingModel

/// What several hubs on one cluster share: the webhook, which all of them answer, and the lease, which one of them holds.
extension KubernetesCluster {
    func admit(_ pods: @escaping PodAdmitter) async throws {
        guard let webhook = configuration.webhook else { return }
        let elector = elector
        let server = try await WebhookServer.start(
            Self.settings(webhook), cluster: client, logger: logger, now: { Int64(time(nil)) },
            registers: { elector?.fence.isOpen ?? true }, admit: pods)
        logger.info("the admission webhook listens", metadata: ["address": "\(webhook.listen.host):\(server.port)"])
        let task = Task { await server.run() }
        keep(task)
    }

    private static func settings(_ webhook: DaemonConfiguration.Webhook) -> WebhookServer.Configuration {
        let service = "\(WebhookManifest.service).\(Names.systemNamespace).svc"
        return WebhookServer.Configuration(
            host: webhook.listen.host, port: webhook.listen.port,
            target: webhook.url.map { .url("https://\($0)") } ?? .service,
            names: webhook.url.map { [$0.host] } ?? [service, "\(service).cluster.local"])
    }

    func waitToLead() async throws {
        guard let elector else { return }
        await mark(isLeader: false)
        let files = try StateFiles(configuration.state)
        files.markNotReady()
        try files.markStandby()
        defer { files.markNoStandby() }
        try await elector.waitToLead()
        await mark(isLeader: true)
    }

    /// This replica by a name of its own: the host's, which is the pod's in a cluster, and something that no earlier life had.
    static func elector(
        _ client: KubernetesClient, _ role: ClusterInfo.Role, _ logger: Logger
    ) throws -> LeaderElector {
        let life = Hex.encode(try RandomBytes.generate(count: 8))
        return LeaderElector(
            client, name: InstallationPlan.name(role), namespace: Names.systemNamespace,
            identity: "\(hostName)_\(life)", logger: logger,
            now: { Int(Date().timeIntervalSince1970 * 1_000_000) })
    }

    /// The system's own word, which in a pod is the pod's name; asked without any look-up.
    private static var hostName: String {
        var buffer = [UInt8](repeating: 0, count: 256)
        let status = buffer.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                characters.baseAddress.map { gethostname($0, characters.count - 1) } ?? -1
            }
        }
        guard status == 0 else { return "unknown" }
        return String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Says on the own pod whether it leads, for the Service by which peers find the leader. Nobody waits for it: peers try
    /// again.
    private func mark(isLeader: Bool) async {
        guard case .serviceAccount = configuration.access else { return }
        let name = Self.hostName
        do {
            _ = try await client.merge(
                .pods, namespace: Names.systemNamespace, name: name,
                ["metadata": ["labels": [Names.leaderLabel: isLeader ? "true" : .null]]])
        } catch {
            logger.warning(
                "the own pod cannot be marked as the leader: edges that dial this hub may not find it",
                metadata: ["pod": "\(name)", "error": "\(error)"])
        }
    }
}
