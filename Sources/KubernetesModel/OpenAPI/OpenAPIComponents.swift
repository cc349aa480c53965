import JSONTree

/// The definitions that a document's paths reach.
struct OpenAPIComponents {
    private static let meta = "io.k8s.apimachinery.pkg.apis.meta.v1."
    private static let prefix = "#/components/schemas/"

    private var schemas = JSONObject()

    /// All definitions, by name in order.
    var json: JSON {
        var sorted = schemas
        sorted.sortKeys()
        return .object(sorted)
    }

    static func reference(_ definition: String) -> JSON { ["$ref": .string(prefix + definition)] }

    /// Adds a built-in definition, and all it reaches.
    mutating func add(definition: String) { reach(definition) }

    /// Adds a resource's kind, its list, and all they reach.
    mutating func add(_ resource: OpenAPIResource) {
        let definition = resource.definition
        if let schema = resource.openAPIV3Schema {
            schemas[definition] = custom(schema, resource)
            reach(Self.meta + "ObjectMeta")
        } else {
            reach(definition)
        }
        for name in ["DeleteOptions", "Status", "ListMeta", "Patch"] { reach(Self.meta + name) }
        for subresource in resource.subresources {
            if let other = OpenAPIPaths.definition(ofSubresource: subresource) { reach(other) }
        }
        guard !resource.isOnlyCreated else { return }
        schemas[definition + "List"] = [
            "type": "object", "required": ["items"],
            "properties": [
                "apiVersion": ["type": "string"],
                "items": ["type": "array", "items": ["allOf": [Self.reference(definition)], "default": [:]]],
                "kind": ["type": "string"],
                "metadata": ["allOf": [Self.reference(Self.meta + "ListMeta")], "default": [:]],
            ],
            "x-kubernetes-group-version-kind": [
                [
                    "group": .string(resource.type.group), "version": .string(resource.type.version),
                    "kind": .string(resource.type.kind + "List"),
                ]
            ],
        ]
    }

    /// A custom resource's schema, with the members that every object has.
    private func custom(_ schema: JSON, _ resource: OpenAPIResource) -> JSON {
        var result = schema
        var properties = schema["properties"]?.object ?? JSONObject()
        properties["apiVersion"] = ["type": "string"]
        properties["kind"] = ["type": "string"]
        properties["metadata"] = ["allOf": [Self.reference(Self.meta + "ObjectMeta")]]
        for (name, text) in CommonDescriptions.object { properties[name]?["description"] = .string(text) }
        properties.sortKeys()
        result["type"] = "object"
        result["properties"] = .object(properties)
        result["x-kubernetes-group-version-kind"] = .array([resource.groupVersionKind])
        return result
    }

    /// Adds a built-in definition and what it refers to.
    private mutating func reach(_ definition: String) {
        var waiting = [definition]
        while let name = waiting.popLast() {
            guard schemas[name] == nil, let source = SchemaRegistry.builtIn.source(name) else { continue }
            var schema = Self.node(source, name, &waiting)
            let texts =
                name == Self.meta + "ObjectMeta"
                ? CommonDescriptions.metadata
                : schema["x-kubernetes-group-version-kind"] == nil ? [:] : CommonDescriptions.object
            for (field, text) in texts where schema["properties"]?[field] != nil {
                schema["properties", field, "description"] = .string(text)
            }
            schemas[name] = schema
        }
    }

    private static func node(_ source: JSON, _ name: String = "", _ found: inout [String]) -> JSON {
        guard case .object(let members) = source else { return source }
        if name.hasSuffix(".IntOrString") {
            return ["format": "int-or-string", "oneOf": [["type": "integer"], ["type": "string"]]]
        }
        var result = JSONObject()
        for (key, value) in members {
            switch key {
            case "$ref":
                let target = value.string ?? ""
                found.append(target)
                // Siblings of a reference do not count in OpenAPI 3.0; those of `allOf` do.
                result["allOf"] = .array([reference(target)])
            case "items", "additionalProperties": result[key] = node(value, &found)
            case "properties":
                var properties = JSONObject()
                for (name, property) in value.object ?? JSONObject() { properties[name] = node(property, &found) }
                result[key] = .object(properties)
            case "x-omit-zero": break
            default: result[key] = value
            }
        }
        return .object(result)
    }

    private static func node(_ source: JSON, _ found: inout [String]) -> JSON { node(source, "", &found) }
}
