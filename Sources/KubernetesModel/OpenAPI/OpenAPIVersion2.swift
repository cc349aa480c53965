import JSONTree

/// Turns a document of OpenAPI v3 into one of v2 (Swagger 2.0), as clients before Kubernetes 1.27 read it.
///
/// Bodies become parameters, contents become `consumes` and `produces`, and definitions lose what v2 has no word for, as an
/// API server writes them.
struct OpenAPIVersion2 {
    private static let v3Prefix = "#/components/schemas/"
    private static let v2Prefix = "#/definitions/"

    /// The names of the definitions that custom resources brought.
    let custom: Set<String>

    func document(_ source: JSON) -> JSON {
        var paths = JSONObject()
        for (path, item) in source["paths"]?.object ?? JSONObject() { paths[path] = self.item(item) }
        var definitions = JSONObject()
        for (name, schema) in source["components"]?["schemas"]?.object ?? JSONObject() {
            definitions[name] = custom.contains(name) ? root(schema) : builtIn(schema)
        }
        return [
            "swagger": "2.0", "info": source["info"] ?? [:], "paths": .object(paths),
            "definitions": .object(definitions),
        ]
    }

    // MARK: Paths

    private func item(_ source: JSON) -> JSON {
        var result = JSONObject()
        for (key, value) in source.object ?? JSONObject() {
            result[key] = key == "parameters" ? parameters(value) : operation(value)
        }
        return .object(result)
    }

    private func parameters(_ source: JSON) -> JSON {
        .array(
            (source.array ?? []).map { parameter in
                var result = JSONObject()
                for (key, value) in parameter.object ?? JSONObject() where key != "schema" { result[key] = value }
                for (key, value) in parameter["schema"]?.object ?? JSONObject() { result[key] = value }
                return .object(result)
            })
    }

    private func operation(_ source: JSON) -> JSON {
        var result = source.object ?? JSONObject()
        var parameters = parameters(source["parameters"] ?? []).array ?? []
        if let content = source["requestBody"]?["content"]?.object {
            result["requestBody"] = nil
            var types: [JSON] = []
            for (type, body) in content {
                if types.isEmpty {
                    parameters.append([
                        "name": "body", "in": "body", "required": source["requestBody"]?["required"] ?? false,
                        "schema": builtIn(body["schema"] ?? [:]),
                    ])
                }
                types.append(.string(type))
            }
            result["consumes"] = .array(types)
        }
        result["produces"] = ["application/json"]
        result["parameters"] = .array(parameters)
        var responses = JSONObject()
        for (code, response) in source["responses"]?.object ?? JSONObject() {
            var answer: JSON = ["description": response["description"] ?? "OK"]
            if let schema = response["content"]?["application/json"]?["schema"] { answer["schema"] = builtIn(schema) }
            responses[code] = answer
        }
        result["responses"] = .object(responses)
        return .object(result)
    }

    // MARK: Definitions

    /// What a reference becomes; `nil` for what is none.
    private func reference(_ node: JSONObject) -> JSON? {
        guard let target = (node["$ref"] ?? node["allOf"]?[0]?["$ref"])?.string, target.hasPrefix(Self.v3Prefix) else {
            return nil
        }
        var result: JSON = ["$ref": .string(Self.v2Prefix + target.dropFirst(Self.v3Prefix.count))]
        for (key, value) in node where key.hasPrefix("x-") || key == "description" { result[key] = value }
        return result
    }

    private func builtIn(_ source: JSON) -> JSON {
        guard case .object(let node) = source else { return source }
        if let reference = reference(node) { return reference }
        var result = JSONObject()
        for (key, value) in node {
            switch key {
            // A number or a text: v2 knows one type, and clients know this format.
            case "oneOf": result["type"] = "string"
            case "items", "additionalProperties": result[key] = builtIn(value)
            case "properties": result[key] = each(value) { builtIn($0) }
            default: result[key] = value
            }
        }
        return .object(result)
    }

    private func each(_ members: JSON, _ change: (JSON) -> JSON) -> JSON {
        var result = JSONObject()
        for (name, member) in members.object ?? JSONObject() { result[name] = change(member) }
        return .object(result)
    }

    // MARK: Custom resources

    /// A custom resource's own schema. Where it takes any member, clients would refuse what is not listed: nothing is.
    private func root(_ source: JSON) -> JSON {
        guard source["x-kubernetes-preserve-unknown-fields"] != true else {
            let key = "x-kubernetes-group-version-kind"
            return ["type": "object", key: source[key] ?? []]
        }
        return structural(source)
    }

    private func structural(_ source: JSON) -> JSON {
        guard case .object(let node) = source else { return source }
        if let reference = reference(node) { return reference }
        var result = node
        for key in ["allOf", "oneOf", "anyOf", "not", "nullable"] { result[key] = nil }
        let takesAll = node["x-kubernetes-preserve-unknown-fields"] == true
        let isNullable = node["nullable"] == true
        // Clients of v2 stumble over members of values that may be anything, and over lists of nothing.
        if isNullable || takesAll {
            result["items"] = nil
            result["properties"] = nil
        }
        if isNullable || takesAll && node["type"] == "object" || result["items"] == nil && node["type"] == "array" {
            result["type"] = nil
        }
        if node["x-kubernetes-embedded-resource"] == true, !takesAll, !isNullable {
            var properties = result["properties"]?.object ?? JSONObject()
            properties["apiVersion"] = ["type": "string"]
            properties["kind"] = ["type": "string"]
            properties["metadata"] = [
                "$ref": .string(Self.v3Prefix + "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")
            ]
            result["properties"] = .object(properties)
        }
        if let items = result["items"] { result["items"] = structural(items) }
        if let more = result["additionalProperties"] {
            result["additionalProperties"] = structural(more)
            if more["nullable"] == true { result["required"] = nil }
        }
        if let properties = result["properties"] {
            result["properties"] = each(properties) { structural($0) }
            let required = (result["required"]?.strings ?? []).filter { properties[$0]?["nullable"] != true }
            result["required"] = required.isEmpty ? nil : .array(required.map { .string($0) })
        }
        return .object(result)
    }
}
