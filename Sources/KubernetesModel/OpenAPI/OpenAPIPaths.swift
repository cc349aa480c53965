import JSONTree

/// The paths of a resource with their operations, shaped as an API server describes them.
enum OpenAPIPaths {
    /// The kind that a subresource's body has; `nil` where it is the resource's own.
    static func definition(ofSubresource name: String) -> String? {
        switch name {
        case "scale": "io.k8s.api.autoscaling.v1.Scale"
        case "eviction": "io.k8s.api.policy.v1.Eviction"
        case "binding": "io.k8s.api.core.v1.Binding"
        case "token": "io.k8s.api.authentication.v1.TokenRequest"
        default: nil
        }
    }

    static func items(of resource: OpenAPIResource) -> [(String, JSON)] {
        let type = resource.type
        let collection = type.path(namespace: type.isNamespaced ? "{namespace}" : nil)
        let object = collection + "/{name}"
        if resource.isOnlyCreated { return [(collection, item(resource, [("post", "post")], hasName: false))] }
        var items = [
            (
                collection,
                item(resource, [("get", "list"), ("post", "post"), ("delete", "deletecollection")], hasName: false)
            ),
            (
                object,
                item(
                    resource, [("get", "get"), ("put", "put"), ("patch", "patch"), ("delete", "delete")], hasName: true)
            ),
        ]
        if type.isNamespaced {
            items.append((type.path(), item(resource, [("get", "list")], hasName: false, isEverywhere: true)))
        }
        for subresource in resource.subresources {
            let operations =
                switch subresource {
                case "eviction", "binding", "token": [("post", "post")]
                case "log", "exec", "attach", "portforward": [("get", "connect")]
                case "proxy": ["get", "post", "put", "patch", "delete"].map { ($0, "connect") }
                default: [("get", "get"), ("put", "put"), ("patch", "patch")]
                }
            items.append(
                ("\(object)/\(subresource)", item(resource, operations, hasName: true, subresource: subresource)))
        }
        return items
    }

    private static func item(
        _ resource: OpenAPIResource, _ operations: [(method: String, action: String)], hasName: Bool,
        isEverywhere: Bool = false, subresource: String? = nil
    ) -> JSON {
        var item = JSONObject()
        for (method, action) in operations {
            item[method] = operation(resource, method, action, isEverywhere: isEverywhere, subresource: subresource)
        }
        var parameters: [JSON] = []
        if hasName { parameters.append(path("name")) }
        if resource.type.isNamespaced, !isEverywhere { parameters.append(path("namespace")) }
        parameters.append(query("pretty", "string"))
        item["parameters"] = .array(parameters)
        return .object(item)
    }

    private static func operation(
        _ resource: OpenAPIResource, _ method: String, _ action: String, isEverywhere: Bool, subresource: String?
    ) -> JSON {
        let type = resource.type
        let other = subresource.flatMap(definition(ofSubresource:))
        let body = other ?? resource.definition
        let answer = action == "list" ? body + "List" : action.hasPrefix("delete") ? status : body
        var operation: JSON = [
            "tags": [.string(type.group.isEmpty ? "core_\(type.version)" : "\(groupName(type))_\(type.version)")],
            "operationId": .string(identifier(resource, action, isEverywhere, subresource)),
            "parameters": .array(parameters(action)),
        ]
        switch method {
        case "post", "put": operation["requestBody"] = requestBody(["*/*"], OpenAPIComponents.reference(body))
        case "patch":
            operation["requestBody"] = requestBody(
                patchTypes(resource), OpenAPIComponents.reference("io.k8s.apimachinery.pkg.apis.meta.v1.Patch"))
        case "delete": operation["requestBody"] = requestBody(["*/*"], OpenAPIComponents.reference(deleteOptions))
        default: break
        }
        let content: JSON = ["application/json": ["schema": OpenAPIComponents.reference(answer)]]
        operation["responses"] = ["200": ["description": "OK", "content": content]]
        operation["x-kubernetes-action"] = .string(action)
        operation["x-kubernetes-group-version-kind"] =
            other.flatMap { SchemaRegistry.builtIn.source($0)?["x-kubernetes-group-version-kind"]?[0] }
            ?? resource.groupVersionKind
        return operation
    }

    private static let deleteOptions = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions"
    private static let status = "io.k8s.apimachinery.pkg.apis.meta.v1.Status"

    private static func requestBody(_ types: [String], _ schema: JSON) -> JSON {
        var content = JSONObject()
        for type in types { content[type] = ["schema": schema] }
        return ["content": .object(content), "required": true]
    }

    /// Custom resources have no merge keys and take no strategic merge patch.
    private static func patchTypes(_ resource: OpenAPIResource) -> [String] {
        var types = ["application/json-patch+json", "application/merge-patch+json"]
        if !resource.isCustom { types.append("application/strategic-merge-patch+json") }
        return types
    }

    // MARK: - Parameters

    private static func path(_ name: String) -> JSON {
        ["name": .string(name), "in": "path", "required": true, "schema": ["type": "string", "uniqueItems": true]]
    }

    private static func query(_ name: String, _ type: String) -> JSON {
        ["name": .string(name), "in": "query", "schema": ["type": .string(type), "uniqueItems": true]]
    }

    private static func parameters(_ action: String) -> [JSON] {
        let names: [(String, String)] =
            switch action {
            case "list":
                [
                    ("allowWatchBookmarks", "boolean"), ("continue", "string"), ("fieldSelector", "string"),
                    ("labelSelector", "string"), ("limit", "integer"), ("resourceVersion", "string"),
                    ("resourceVersionMatch", "string"), ("sendInitialEvents", "boolean"),
                    ("timeoutSeconds", "integer"), ("watch", "boolean"),
                ]
            case "post", "put": [("dryRun", "string"), ("fieldManager", "string"), ("fieldValidation", "string")]
            case "patch":
                [
                    ("dryRun", "string"), ("fieldManager", "string"), ("fieldValidation", "string"),
                    ("force", "boolean"),
                ]
            case "delete":
                [
                    ("dryRun", "string"), ("gracePeriodSeconds", "integer"), ("orphanDependents", "boolean"),
                    ("propagationPolicy", "string"),
                ]
            case "deletecollection":
                [
                    ("continue", "string"), ("dryRun", "string"), ("fieldSelector", "string"),
                    ("labelSelector", "string"), ("limit", "integer"), ("propagationPolicy", "string"),
                ]
            default: []
            }
        return names.map { query($0.0, $0.1) }
    }

    // MARK: - Names

    /// The first part of a group's name, as operations are named: `rbac` of `rbac.authorization.k8s.io`.
    private static func groupName(_ type: ResourceType) -> String {
        type.group.split(separator: ".").first.map(String.init) ?? "core"
    }

    private static func identifier(
        _ resource: OpenAPIResource, _ action: String, _ isEverywhere: Bool, _ subresource: String?
    ) -> String {
        let verb =
            switch action {
            case "post": "create"
            case "get": "read"
            case "put": "replace"
            case "deletecollection": "deleteCollection"
            default: action
            }
        func capitalised(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }
        let type = resource.type
        let scope = type.isNamespaced && !isEverywhere ? "Namespaced" : ""
        let tail = isEverywhere && type.isNamespaced ? "ForAllNamespaces" : ""
        return verb + capitalised(groupName(type)) + capitalised(type.version) + scope + type.kind
            + capitalised(subresource ?? "") + tail
    }
}
