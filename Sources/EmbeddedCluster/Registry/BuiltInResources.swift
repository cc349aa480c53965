import JSONTree
import KubernetesModel

/// The resources that are always served.
enum BuiltInResources {
    static let all: [ResourceDefinition] = core + apps + batch + others

    private static let core: [ResourceDefinition] = [
        ResourceDefinition(.configMaps, shortNames: ["cm"]),
        ResourceDefinition(.endpoints, singular: "endpoints", shortNames: ["ep"], createsOnUpdate: true),
        ResourceDefinition(
            .coreEvents, shortNames: ["ev"], selectableFields: eventFields, hasOwnFieldLabels: true,
            createsOnUpdate: true),
        ResourceDefinition(
            .namespaces, shortNames: ["ns"], subresources: [.finalize, .status],
            selectableFields: [
                "status.phase": FieldSelector.path("status", "phase"), "name": FieldSelector.path("metadata", "name"),
            ],
            hasOwnFieldLabels: true, strategy: .namespaces),
        ResourceDefinition(
            .nodes, shortNames: ["no"], subresources: [.status],
            selectableFields: [
                "spec.unschedulable": { $0.spec["unschedulable"]?.bool == true ? "true" : "false" }
            ],
            hasOwnFieldLabels: true, strategy: .nodes),
        ResourceDefinition(
            .pods, shortNames: ["po"], categories: ["all"],
            subresources: [.attach, .binding, .eviction, .exec, .log, .portforward, .proxy, .status], generation: .spec,
            selectableFields: podFields, hasOwnFieldLabels: true, returnsDeleted: true, strategy: .pods),
        ResourceDefinition(.podTemplates, generation: .contents, returnsDeleted: true),
        ResourceDefinition(
            .replicationControllers, shortNames: ["rc"], categories: ["all"], subresources: [.scale, .status],
            generation: .spec, selectableFields: ["status.replicas": FieldSelector.path("status", "replicas")],
            hasOwnFieldLabels: true, scale: replicas, strategy: .replicationControllers),
        ResourceDefinition(
            .secrets, selectableFields: ["type": FieldSelector.path("type")], hasOwnFieldLabels: true),
        ResourceDefinition(.serviceAccounts, shortNames: ["sa"], subresources: [.token], returnsDeleted: true),
        ResourceDefinition(
            .services, shortNames: ["svc"], categories: ["all"], subresources: [.proxy, .status],
            selectableFields: [
                "spec.clusterIP": FieldSelector.path("spec", "clusterIP"),
                "spec.type": FieldSelector.path("spec", "type"),
            ],
            hasOwnFieldLabels: true, returnsDeleted: true, strategy: .services),
    ]

    private static let replicas = ResourceDefinition.ScalePaths(
        specReplicas: ["spec", "replicas"], statusReplicas: ["status", "replicas"], selector: ["spec", "selector"])

    private static let apps: [ResourceDefinition] = [
        ResourceDefinition(
            .deployments, shortNames: ["deploy"], categories: ["all"], subresources: [.scale, .status],
            generation: .spec, scale: replicas, strategy: .withStatus(.object(JSONObject()))),
        ResourceDefinition(
            .replicaSets, shortNames: ["rs"], categories: ["all"], subresources: [.scale, .status], generation: .spec,
            scale: replicas, strategy: .withStatus(["replicas": 0])),
    ]

    private static let batch: [ResourceDefinition] = [
        ResourceDefinition(
            .jobs, categories: ["all"], subresources: [.status], generation: .spec,
            selectableFields: ["status.successful": { String($0.status["succeeded"]?.int ?? 0) }],
            hasOwnFieldLabels: true, strategy: .jobs)
    ]

    private static let others: [ResourceDefinition] = [
        ResourceDefinition(
            .customResourceDefinitions, shortNames: ["crd", "crds"], categories: ["api-extensions"],
            subresources: [.status], generation: .spec, strategy: .customResourceDefinitions),
        ResourceDefinition(
            .events, shortNames: ["ev"], selectableFields: eventFields, hasOwnFieldLabels: true, createsOnUpdate: true,
            storedForm: .coreEvents),
        ResourceDefinition(.leases, createsOnUpdate: true),
        ResourceDefinition(.endpointSlices, generation: .contents),
        ResourceDefinition(
            .podDisruptionBudgets, shortNames: ["pdb"], subresources: [.status], generation: .spec,
            strategy: .withStatus(
                ["currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0])),
        ResourceDefinition(.priorityClasses, shortNames: ["pc"], generation: .contents, strategy: .priorityClasses),
    ]

    private static let eventFields: [String: FieldSelector.Reader] = {
        var fields: [String: FieldSelector.Reader] = [
            "reason": FieldSelector.path("reason"), "type": FieldSelector.path("type"),
            "reportingComponent": FieldSelector.path("reportingComponent"),
            "source": { event in
                let source = event.json["source", "component"]?.string ?? ""
                return source.isEmpty ? event.json["reportingComponent"]?.string ?? "" : source
            },
        ]
        for field in ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"] {
            // The second name is that of events.k8s.io; what is read is stored under the first.
            for name in ["involvedObject", "regarding"] {
                fields["\(name).\(field)"] = FieldSelector.path("involvedObject", field)
            }
        }
        return fields
    }()

    private static let podFields: [String: FieldSelector.Reader] = [
        "spec.nodeName": FieldSelector.path("spec", "nodeName"),
        "spec.restartPolicy": FieldSelector.path("spec", "restartPolicy"),
        "spec.schedulerName": FieldSelector.path("spec", "schedulerName"),
        "spec.serviceAccountName": FieldSelector.path("spec", "serviceAccountName"),
        "spec.hostNetwork": { $0.spec["hostNetwork"]?.bool == true ? "true" : "false" },
        "status.phase": FieldSelector.path("status", "phase"),
        "status.podIP": FieldSelector.path("status", "podIP"),
        "status.podIPs": FieldSelector.path("status", "podIP"),
        "status.nominatedNodeName": FieldSelector.path("status", "nominatedNodeName"),
    ]

    /// The fields by which the store finds objects without looking at all of them.
    static let indexes: [ResourceID: [StoreIndex]] = [
        ResourceID(.pods): [
            StoreIndex(name: "spec.nodeName") { object in
                object.json["spec"]?["nodeName"]?.string.flatMap { $0.isEmpty ? nil : $0 }
            }
        ]
    ]
}

extension ResourceType {
    /// `events.k8s.io/v1`: the core group's events in other words.
    static let events = ResourceType(
        group: "events.k8s.io", version: "v1", plural: "events", kind: "Event", isNamespaced: true)
    /// `scheduling.k8s.io/v1`.
    static let priorityClasses = ResourceType(
        group: "scheduling.k8s.io", version: "v1", plural: "priorityclasses", kind: "PriorityClass",
        isNamespaced: false)
}
