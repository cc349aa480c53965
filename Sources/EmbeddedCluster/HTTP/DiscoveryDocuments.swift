import Digests
import JSONTree
import KubernetesModel

/// The documents of discovery, old (`APIGroupList`, `APIResourceList`) and aggregated (`APIGroupDiscoveryList`).
enum DiscoveryDocuments {
    /// The groups but the core one, each with its versions; the first is preferred.
    static func groups(_ registry: ResourceRegistry) -> [JSON] {
        allGroups(registry).filter { !$0.name.isEmpty }.map { group in
            let versions = group.versions.map { version -> JSON in
                ["groupVersion": .string("\(group.name)/\(version)"), "version": .string(version)]
            }
            return [
                "name": .string(group.name), "versions": .array(versions), "preferredVersion": versions.first ?? .null,
            ]
        }
    }

    static func allGroups(_ registry: ResourceRegistry) -> [(name: String, versions: [String])] {
        var groups = registry.groups
        for review in Reviews.resources where !groups.contains(where: { $0.name == review.group }) {
            groups.append((review.group, ["v1"]))
        }
        return groups
    }

    /// What `GET /` lists: where a look around may start.
    static func paths(_ registry: ResourceRegistry) -> [String] {
        var paths = ["/api", "/apis", "/openapi/v2", "/openapi/v3"] + Health.publicPaths
        for group in allGroups(registry) {
            guard !group.name.isEmpty else {
                paths += group.versions.map { "/api/\($0)" }
                continue
            }
            paths.append("/apis/\(group.name)")
            paths += group.versions.map { "/apis/\(group.name)/\($0)" }
        }
        return paths.sorted()
    }

    /// The resources of a group and version, subresources among them; `nil` where there are none.
    static func resources(_ registry: ResourceRegistry, group: String, version: String) -> JSON? {
        var resources: [JSON] = []
        for definition in registry.definitions(group: group, version: version) {
            resources.append(resource(definition))
            for subresource in definition.subresources.sorted(by: { $0.rawValue < $1.rawValue }) {
                resources.append(self.subresource(subresource, definition))
            }
        }
        if version == "v1" {
            for review in Reviews.resources where review.group == group {
                resources.append([
                    "name": .string(review.plural), "singularName": .string(review.kind.lowercased()),
                    "namespaced": false, "kind": .string(review.kind), "verbs": ["create"],
                ])
            }
        }
        guard !resources.isEmpty else { return nil }
        return [
            "kind": "APIResourceList", "apiVersion": "v1",
            "groupVersion": .string(group.isEmpty ? version : "\(group)/\(version)"), "resources": .array(resources),
        ]
    }

    private static func resource(_ definition: ResourceDefinition) -> JSON {
        var json: JSON = [
            "name": .string(definition.type.plural), "singularName": .string(definition.singular),
            "namespaced": JSON(definition.type.isNamespaced), "kind": .string(definition.type.kind),
            "verbs": JSON(definition.verbs),
        ]
        if !definition.shortNames.isEmpty { json["shortNames"] = JSON(definition.shortNames) }
        if !definition.categories.isEmpty { json["categories"] = JSON(definition.categories) }
        json["storageVersionHash"] = .string(storageVersionHash(definition))
        return json
    }

    /// Tells clients that move stored objects in which version these are: eight bytes of a hash of its name.
    private static func storageVersionHash(_ definition: ResourceDefinition) -> String {
        let type = definition.type
        // Events of both groups are the same objects.
        let (group, version) =
            definition.storedForm != nil ? ("", "v1") : (type.group, definition.custom?.storageVersion ?? type.version)
        return Base64Text.encode(SHA256.hash(Array("\(group)/\(version)/\(type.kind)".utf8)).prefix(8))
    }

    private static func subresource(
        _ subresource: ResourceDefinition.Subresource, _ definition: ResourceDefinition
    ) -> JSON {
        let facts = SubresourceFacts(subresource, definition)
        var json: JSON = [
            "name": .string("\(definition.type.plural)/\(subresource.rawValue)"), "singularName": "",
            "namespaced": JSON(definition.type.isNamespaced),
        ]
        if let group = facts.group { json["group"] = .string(group) }
        if let version = facts.version { json["version"] = .string(version) }
        json["kind"] = .string(facts.kind)
        json["verbs"] = JSON(facts.verbs)
        return json
    }

    /// Groups, versions and resources in one document.
    static func aggregated(_ registry: ResourceRegistry, isCore: Bool) -> JSON {
        let groups = allGroups(registry).filter { $0.name.isEmpty == isCore }
        return [
            "kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": [:],
            "items": .array(
                groups.map { group in
                    [
                        "metadata": isCore ? [:] : ["name": .string(group.name)],
                        "versions": .array(
                            group.versions.map { version in
                                [
                                    "version": .string(version),
                                    "resources": .array(aggregated(registry, group.name, version)),
                                    "freshness": "Current",
                                ]
                            }),
                    ]
                }),
        ]
    }

    private static func aggregated(_ registry: ResourceRegistry, _ group: String, _ version: String) -> [JSON] {
        var resources = registry.definitions(group: group, version: version).map { definition -> JSON in
            let isCustom = definition.custom != nil
            var json: JSON = [
                "resource": .string(definition.type.plural),
                "responseKind": [
                    "group": .string(isCustom ? group : ""), "version": .string(isCustom ? version : ""),
                    "kind": .string(definition.type.kind),
                ],
                "scope": definition.type.isNamespaced ? "Namespaced" : "Cluster",
                "singularResource": .string(definition.singular), "verbs": JSON(definition.verbs),
            ]
            if !definition.shortNames.isEmpty { json["shortNames"] = JSON(definition.shortNames) }
            if !definition.categories.isEmpty { json["categories"] = JSON(definition.categories) }
            if !definition.subresources.isEmpty {
                json["subresources"] = .array(
                    definition.subresources.sorted { $0.rawValue < $1.rawValue }.map { subresource in
                        let facts = SubresourceFacts(subresource, definition)
                        return [
                            "subresource": .string(subresource.rawValue),
                            "responseKind": [
                                "group": .string(facts.group ?? ""), "version": .string(facts.version ?? ""),
                                "kind": .string(facts.kind),
                            ],
                            "verbs": JSON(facts.verbs),
                        ]
                    })
            }
            return json
        }
        for review in Reviews.resources where review.group == group && version == "v1" {
            resources.append([
                "resource": .string(review.plural),
                "responseKind": ["group": "", "version": "", "kind": .string(review.kind)], "scope": "Cluster",
                "singularResource": .string(review.kind.lowercased()), "verbs": ["create"],
            ])
        }
        return resources
    }
}

/// What a subresource takes and gives.
struct SubresourceFacts {
    /// `nil` for the resource's own.
    let group: String?
    let version: String?
    let kind: String
    let verbs: [String]

    init(_ subresource: ResourceDefinition.Subresource, _ definition: ResourceDefinition) {
        let own = definition.type.kind
        let facts: (String?, String?, String, [String]) =
            switch subresource {
            case .status: (nil, nil, own, ["get", "patch", "update"])
            case .scale: ("autoscaling", "v1", "Scale", ["get", "patch", "update"])
            case .binding: (nil, nil, "Binding", ["create"])
            case .eviction: ("policy", "v1", "Eviction", ["create"])
            case .token: ("authentication.k8s.io", "v1", "TokenRequest", ["create"])
            case .log: (nil, nil, own, ["get"])
            case .finalize: (nil, nil, own, ["update"])
            case .exec: (nil, nil, "PodExecOptions", ["create", "get"])
            case .attach: (nil, nil, "PodAttachOptions", ["create", "get"])
            case .proxy: (nil, nil, "\(own)ProxyOptions", ["create", "delete", "get", "patch", "update"])
            case .portforward: (nil, nil, "PodPortForwardOptions", ["create", "get"])
            }
        (group, version, kind, verbs) = facts
    }
}
