import ClusterAPI
import ClusterBootstrap
import JSONTree
import KubernetesModel
import Logging

/// Keeps the cluster's MutatingWebhookConfiguration pointing at the hub, with the authority that it is to believe.
///
/// Only what makes the webhook ours is written: other webhooks in the same configuration stay, and so does what the API
/// server adds.
struct WebhookRegistration: Sendable {
    let cluster: any ClusterAPI
    let target: WebhookManifest.Target
    let logger: Logger

    private static let type = ResourceType.mutatingWebhookConfigurations

    /// Registers, or mends the registration; changes nothing that is right.
    ///
    /// - Parameter bundle: PEM of all authorities to believe.
    /// - Throws: `APIError`, such as a conflict where somebody else was faster.
    func ensure(_ bundle: String) async throws {
        let wanted = WebhookManifest.entry(target, authority: bundle)
        guard var found = try await cluster.find(Self.type, name: WebhookManifest.name) else {
            _ = try await cluster.create(Self.type, WebhookManifest.configuration(target, authority: bundle))
            logger.info("the admission webhook is registered", metadata: ["name": "\(WebhookManifest.name)"])
            return
        }
        var webhooks = found.json["webhooks"]?.array ?? []
        let place = webhooks.firstIndex { $0["name"]?.string == WebhookManifest.webhook }
        if let place {
            guard !Self.isAsWanted(webhooks[place], wanted) else { return }
            webhooks[place] = wanted
        } else {
            webhooks.append(wanted)
        }
        found.json["webhooks"] = .array(webhooks)
        _ = try await cluster.update(Self.type, found)
        logger.info("the admission webhook's registration was mended", metadata: ["name": "\(WebhookManifest.name)"])
    }

    /// Whether all that is wanted is there, and no other way to reach somebody.
    private static func isAsWanted(_ found: JSON, _ wanted: JSON) -> Bool {
        guard found.contains(wanted) else { return false }
        let client = (found["clientConfig"], wanted["clientConfig"])
        return ["url", "service"].allSatisfy { (client.0?[$0] == nil) == (client.1?[$0] == nil) }
    }
}
