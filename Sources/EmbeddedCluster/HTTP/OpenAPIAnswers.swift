import Digests
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOCore
import NIOHTTP1

/// The OpenAPI v3 documents: an index, and one document a group and version.
///
/// kubectl reads from them which parameters an operation takes, before it sends `fieldValidation`.
enum OpenAPIAnswers {
    /// - Parameter rest: the path's segments after `/openapi/v3`.
    static func answer(
        _ rest: [String], _ registry: ResourceRegistry, _ request: HTTPRequest
    ) throws(APIError) -> HTTPResponse {
        guard !rest.isEmpty else { return Answer.json(index(registry)) }
        let parts = Array(rest.dropFirst())
        let place: (group: String, version: String)? =
            switch (rest.first, parts.count) {
            case ("api", 1): ("", parts[0])
            case ("apis", 2): (parts[0], parts[1])
            default: nil
            }
        guard let place, let document = document(registry, group: place.group, version: place.version) else {
            throw ResourcePipeline.notServed
        }
        var response = Answer.json(document)
        // The index names each document by its hash: it never changes under its address.
        response.headers.replaceOrAdd(name: "Cache-Control", value: "public, immutable")
        return response
    }

    private static func index(_ registry: ResourceRegistry) -> JSON {
        var paths = JSONObject()
        for group in registry.groups {
            for version in group.versions {
                guard let document = document(registry, group: group.name, version: version) else { continue }
                let hash = Hex.encode(SHA256.hash(document.encoded())).uppercased()
                let path = group.name.isEmpty ? "api/\(version)" : "apis/\(group.name)/\(version)"
                paths[path] = ["serverRelativeURL": .string("/openapi/v3/\(path)?hash=\(hash)")]
            }
        }
        return ["paths": .object(paths)]
    }

    private static func document(_ registry: ResourceRegistry, group: String, version: String) -> JSON? {
        let definitions = registry.definitions(group: group, version: version)
        guard !definitions.isEmpty else { return nil }
        var paths = JSONObject()
        for definition in definitions {
            let type = definition.type
            paths[type.path(namespace: "{namespace}")] = operations(["get", "post", "delete"], type)
            paths[type.path(namespace: "{namespace}", name: "{name}")] =
                operations(["get", "put", "patch", "delete"], type)
        }
        return [
            "openapi": "3.0.0", "info": ["title": "Kubernetes", "version": Discovery.version["gitVersion"] ?? ""],
            "paths": .object(paths), "components": ["schemas": [:]],
        ]
    }

    private static let actions = ["get": "get", "post": "post", "put": "put", "patch": "patch", "delete": "delete"]

    private static func operations(_ methods: [String], _ type: ResourceType) -> JSON {
        var operations = JSONObject()
        for method in methods {
            var operation: JSON = [
                "x-kubernetes-action": .string(actions[method] ?? method),
                "x-kubernetes-group-version-kind": [
                    "group": .string(type.group), "version": .string(type.version), "kind": .string(type.kind),
                ],
            ]
            if ["post", "put", "patch"].contains(method) {
                operation["parameters"] = .array(
                    ["dryRun", "fieldManager", "fieldValidation"].map { name in
                        ["name": .string(name), "in": "query", "schema": ["type": "string", "uniqueItems": true]]
                    })
            }
            operations[method] = operation
        }
        return .object(operations)
    }
}
