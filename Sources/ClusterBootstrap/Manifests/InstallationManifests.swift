import JSONTree
public import KubernetesModel
import OffloadingModel

/// All objects of an installation, in the order in which they are applied. `config/kubernetes/` holds the same as text.
public struct InstallationManifests: Sendable {
    /// An object and the resource that it is one of.
    public struct Entry: Sendable, Hashable {
        public let type: ResourceType
        public let object: KubernetesObject

        public init(_ type: ResourceType, _ object: KubernetesObject) {
            self.type = type
            self.object = object
        }
    }

    private let plan: InstallationPlan

    public init(_ plan: InstallationPlan) { self.plan = plan }

    /// Namespace and kinds first, what runs last.
    public var all: [Entry] { foundations + access + services + webhook + [Entry(.deployments, deployment)] }

    /// What both roles share, and what stays unless all is purged: the namespace and the kinds.
    public var foundations: [Entry] {
        [Entry(.namespaces, object(.namespaces, name: Names.systemNamespace, namespace: nil))]
            + CustomResources.all.map { Entry(.customResourceDefinitions, labelled($0)) }
    }

    // MARK: - Access

    private var access: [Entry] {
        var entries = [
            Entry(.serviceAccounts, object(.serviceAccounts, name: plan.name)),
            Entry(
                .clusterRoles,
                object(
                    .clusterRoles, name: plan.name, namespace: nil,
                    ["rules": rules(plan.role == .hub ? HubAccess.cluster : AgentAccess.cluster)])),
            Entry(
                .clusterRoleBindings,
                object(
                    .clusterRoleBindings, name: plan.name, namespace: nil, binding(to: "ClusterRole", plan.name))),
        ]
        // Bound by the daemon, in single namespaces.
        entries.append(
            Entry(
                .clusterRoles,
                object(
                    .clusterRoles, name: NamespaceAccess.name(plan.name), namespace: nil,
                    ["rules": rules(plan.role == .hub ? HubAccess.references : AgentAccess.references)])))
        entries += role(
            in: Names.systemNamespace, plan.role == .hub ? HubAccess.system : AgentAccess.system)
        if plan.role == .hub {
            entries += role(in: "kube-node-lease", HubAccess.nodeLeases)
            // Whose certificates the API server's clients have: logs of virtual nodes' pods are for the API server alone.
            entries.append(
                Entry(
                    .roleBindings,
                    object(
                        .roleBindings, name: plan.name, namespace: "kube-system",
                        binding(to: "Role", "extension-apiserver-authentication-reader"))))
        }
        return entries
    }

    private func role(in namespace: String, _ access: [AccessRule]) -> [Entry] {
        [
            Entry(.roles, object(.roles, name: plan.name, namespace: namespace, ["rules": rules(access)])),
            Entry(
                .roleBindings,
                object(.roleBindings, name: plan.name, namespace: namespace, binding(to: "Role", plan.name))),
        ]
    }

    private func rules(_ access: [AccessRule]) -> JSON { .array(access.map(\.json)) }

    private func binding(to kind: String, _ name: String) -> JSON {
        [
            "roleRef": ["apiGroup": "rbac.authorization.k8s.io", "kind": .string(kind), "name": .string(name)],
            "subjects": [
                [
                    "kind": "ServiceAccount", "name": .string(plan.name),
                    "namespace": .string(Names.systemNamespace),
                ]
            ],
        ]
    }

    // MARK: - Reaching it

    private var services: [Entry] {
        var selector: JSON = selectorLabels
        // Peers talk to the hub that leads; the others would not answer.
        if plan.role == .hub { selector[Names.leaderLabel] = "true" }
        let peers = object(
            .services, name: plan.name,
            [
                "spec": [
                    "type": .string(plan.serviceType.rawValue), "selector": selector,
                    "ports": [
                        [
                            "name": "peers", "port": JSON(InstallationPlan.peerPort), "protocol": "TCP",
                            "targetPort": "peers",
                        ]
                    ],
                ]
            ])
        guard plan.role == .hub else { return [Entry(.services, peers)] }
        let webhook = object(
            .services, name: WebhookManifest.service,
            [
                "spec": [
                    "type": "ClusterIP", "selector": selectorLabels,
                    "ports": [["name": "webhook", "port": 443, "protocol": "TCP", "targetPort": "webhook"]],
                ]
            ])
        return [Entry(.services, peers), Entry(.services, webhook)]
    }

    /// Without an authority: the hub's own is not known before it runs. Until then the API server goes on without it.
    private var webhook: [Entry] {
        guard plan.role == .hub else { return [] }
        return [Entry(.mutatingWebhookConfigurations, WebhookManifest.configuration(.service, authority: nil))]
    }

    // MARK: - Running it

    var deployment: KubernetesObject {
        let template: JSON = ["metadata": ["labels": labels], "spec": podSpec]
        return object(
            .deployments, name: plan.name,
            [
                "spec": [
                    "replicas": JSON(plan.replicas), "revisionHistoryLimit": 3,
                    // Two agents would take each other's connections; hubs agree among themselves.
                    "strategy": ["type": plan.role == .hub ? "RollingUpdate" : "Recreate"],
                    "selector": ["matchLabels": selectorLabels], "template": template,
                ]
            ])
    }

    var selectorLabels: JSON { ["app.kubernetes.io/name": .string(plan.name)] }

    var labels: JSON {
        ["app.kubernetes.io/name": .string(plan.name), Names.partOfLabel: .string(Names.partOfValue)]
    }

    private func object(
        _ type: ResourceType, name: String, namespace: String? = Names.systemNamespace, _ fields: JSON = [:]
    ) -> KubernetesObject {
        labelled(KubernetesObject(type, name: name, namespace: namespace, fields))
    }

    private func labelled(_ object: KubernetesObject) -> KubernetesObject {
        var object = object
        object.labels[Names.partOfLabel] = Names.partOfValue
        return object
    }

    var installation: InstallationPlan { plan }
}
