import JSONTree
public import KubernetesModel

/// The CustomResourceDefinitions that Causeway serves its users: Liqo's kinds, their structural schemas and columns.
public enum CustomResources {
    /// All of them, to be applied at start and by `causewayctl install`.
    public static var all: [KubernetesObject] { [foreignClusters, namespaceOffloadings] }

    private static func definition(
        _ type: ResourceType, singular: String, shortNames: [String], columns: [JSON], spec: JSON, status: JSON
    ) -> KubernetesObject {
        KubernetesObject(
            .customResourceDefinitions, name: type.groupResource,
            [
                "spec": [
                    "group": .string(type.group), "scope": type.isNamespaced ? "Namespaced" : "Cluster",
                    "names": [
                        "kind": .string(type.kind), "listKind": .string(type.kind + "List"),
                        "plural": .string(type.plural),
                        "singular": .string(singular), "shortNames": JSON(shortNames), "categories": ["liqo"],
                    ],
                    "versions": [
                        [
                            "name": .string(type.version), "served": true, "storage": true,
                            "subresources": ["status": [:]], "additionalPrinterColumns": .array(columns),
                            "schema": [
                                "openAPIV3Schema": [
                                    "type": "object",
                                    "properties": [
                                        "apiVersion": ["type": "string"], "kind": ["type": "string"],
                                        "metadata": ["type": "object"], "spec": spec, "status": status,
                                    ],
                                ]
                            ],
                        ]
                    ],
                ]
            ])
    }

    private static func column(_ name: String, _ path: String, wide: Bool = false, type: String = "string") -> JSON {
        var column: JSON = ["name": .string(name), "type": .string(type), "jsonPath": .string(path)]
        if wide { column["priority"] = 1 }
        return column
    }

    private static func condition(_ name: String, _ type: PeeringConditionType, wide: Bool = false) -> JSON {
        column(name, ".status.peeringConditions[?(@.type == '\(type.rawValue)')].status", wide: wide)
    }

    private static func words(_ words: [String], fallback: String? = nil) -> JSON {
        var schema: JSON = ["type": "string", "enum": JSON(words)]
        if let fallback { schema["default"] = .string(fallback) }
        return schema
    }

    private static let text: JSON = ["type": "string"]

    static var foreignClusters: KubernetesObject {
        let enabled = words(PeeringEnabled.allCases.map(\.rawValue), fallback: "Auto")
        let conditions: JSON = [
            "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
            "items": [
                "type": "object", "required": ["type", "status"],
                "properties": [
                    "type": words(PeeringConditionType.allCases.map(\.rawValue)),
                    "status": words(PeeringStatus.allCases.map(\.rawValue)), "reason": text, "message": text,
                    "lastTransitionTime": ["type": "string", "format": "date-time"],
                ],
            ],
        ]
        return definition(
            .foreignClusters, singular: "foreigncluster", shortNames: ["fc"],
            columns: [
                column("Type", ".spec.peeringType"),
                column("ClusterID", ".spec.clusterIdentity.clusterID", wide: true),
                column("ClusterName", ".spec.clusterIdentity.clusterName", wide: true),
                condition("Outgoing peering", .outgoing), condition("Incoming peering", .incoming),
                condition("Networking", .network), condition("API Server", .apiServer, wide: true),
                condition("Authentication", .authentication),
                column("Age", ".metadata.creationTimestamp", type: "date"),
            ],
            spec: [
                "type": "object", "required": ["clusterIdentity"],
                "properties": [
                    "clusterIdentity": [
                        "type": "object", "required": ["clusterID"],
                        "properties": ["clusterID": text, "clusterName": text],
                    ],
                    "peeringType": words(["OutOfBand", "InBand", "Unknown"], fallback: "OutOfBand"),
                    "foreignAuthUrl": text, "foreignHubUrl": text, "foreignProxyUrl": text,
                    "outgoingPeeringEnabled": enabled, "incomingPeeringEnabled": enabled,
                ],
            ],
            status: [
                "type": "object",
                "properties": [
                    "peeringConditions": conditions,
                    "outgoing": ["type": "object", "properties": ["conditions": conditions]],
                    "incoming": ["type": "object", "properties": ["conditions": conditions]],
                    "network": ["type": "object", "properties": ["roundTripTime": text]],
                    "certificate": ["type": "object", "properties": ["notAfter": text, "fingerprint": text]],
                    "agentVersion": text,
                ],
            ])
    }

    static var namespaceOffloadings: KubernetesObject {
        let expressions: JSON = [
            "type": "array",
            "items": [
                "type": "object", "required": ["key", "operator"],
                "properties": ["key": text, "operator": text, "values": ["type": "array", "items": text]],
            ],
        ]
        return definition(
            .namespaceOffloadings, singular: "namespaceoffloading", shortNames: ["nsof"],
            columns: [
                column("NamespaceMappingStrategy", ".spec.namespaceMappingStrategy"),
                column("PodOffloadingStrategy", ".spec.podOffloadingStrategy"),
                column("OffloadingPhase", ".status.offloadingPhase"),
                column("RemoteNamespaceName", ".status.remoteNamespaceName", wide: true),
                column("Age", ".metadata.creationTimestamp", type: "date"),
            ],
            spec: [
                "type": "object", "default": [:],
                "properties": [
                    "namespaceMappingStrategy": words(
                        NamespaceMapping.allCases.map(\.rawValue), fallback: "DefaultName"),
                    "podOffloadingStrategy": words(PodOffloading.allCases.map(\.rawValue), fallback: "LocalAndRemote"),
                    "remoteNamespaceName": text,
                    "clusterSelector": [
                        "type": "object",
                        "properties": [
                            "nodeSelectorTerms": [
                                "type": "array",
                                "items": [
                                    "type": "object",
                                    "properties": ["matchExpressions": expressions, "matchFields": expressions],
                                ],
                            ]
                        ],
                    ],
                ],
            ],
            status: [
                "type": "object",
                "properties": [
                    "offloadingPhase": words(OffloadingPhase.allCases.map(\.rawValue)), "remoteNamespaceName": text,
                    "observedGeneration": ["type": "integer", "format": "int64"],
                    "conditions": [
                        "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"],
                        "items": [
                            "type": "object", "required": ["type", "status"],
                            "properties": [
                                "type": text, "status": text, "reason": text, "message": text,
                                "lastTransitionTime": ["type": "string", "format": "date-time"],
                            ],
                        ],
                    ],
                    "remoteNamespacesConditions": [
                        "type": "object",
                        "additionalProperties": [
                            "type": "array",
                            "items": [
                                "type": "object",
                                "properties": [
                                    "type": text, "status": text, "reason": text, "message": text,
                                    "lastTransitionTime": ["type": "string", "format": "date-time"],
                                ],
                            ],
                        ],
                    ],
                ],
            ])
    }
}
