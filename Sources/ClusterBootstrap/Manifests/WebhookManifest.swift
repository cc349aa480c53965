public import JSONTree
public import KubernetesModel
import OffloadingModel

/// The MutatingWebhookConfiguration by which a real origin asks the hub about pods of offloaded namespaces.
///
/// Called for namespaces with the hub's label only, so that nobody else ever waits for the hub. A hub that does not answer in
/// time is passed over (`failurePolicy: Ignore`): to refuse pods would hold up whole namespaces for as long as the hub is
/// away, and what comes in unasked is adopted when it is back.
public enum WebhookManifest {
    /// The name of the configuration.
    public static let name = "causeway-hub"
    /// The name of the one webhook in it.
    public static let webhook = "pods.offloading.causeway.io"
    /// What is asked for, whatever the host.
    public static let path = "/mutate"
    /// The Service through which a hub inside of the cluster is asked.
    public static let service = "causeway-hub-webhook"
    /// How long the API server waits, in seconds: an answer takes one read of the cluster, and pods wait for it.
    public static let timeoutSeconds = 5

    /// Where the API server finds the hub.
    public enum Target: Sendable, Hashable {
        /// `https://HOST:PORT` of a hub outside of the cluster, without a path.
        case url(String)
        /// The Service of a hub inside.
        case service

        var clientConfig: JSON {
            switch self {
            case .url(let url): ["url": .string(url + WebhookManifest.path)]
            case .service:
                [
                    "service": [
                        "namespace": .string(Names.systemNamespace), "name": .string(WebhookManifest.service),
                        "path": .string(WebhookManifest.path), "port": 443,
                    ]
                ]
            }
        }
    }

    /// - Parameter authority: PEM of whom the API server is to believe; `nil` where only the hub will know.
    public static func configuration(_ target: Target, authority: String?) -> KubernetesObject {
        KubernetesObject(
            .mutatingWebhookConfigurations, name: name,
            [
                "metadata": ["labels": [Names.partOfLabel: .string(Names.partOfValue)]],
                "webhooks": [entry(target, authority: authority)],
            ])
    }

    /// The webhook itself.
    public static func entry(_ target: Target, authority: String?) -> JSON {
        var client = target.clientConfig
        if let authority { client["caBundle"] = .string(Base64Text.encode(authority.utf8)) }
        return [
            "name": .string(webhook), "clientConfig": client,
            "rules": [
                [
                    "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"],
                    "scope": "Namespaced",
                ]
            ],
            "namespaceSelector": ["matchLabels": [Names.schedulingEnabledLabel: "true"]],
            "failurePolicy": "Ignore", "matchPolicy": "Equivalent", "reinvocationPolicy": "IfNeeded",
            "sideEffects": "None", "timeoutSeconds": JSON(timeoutSeconds), "admissionReviewVersions": ["v1"],
        ]
    }
}
