public import JSONTree

extension Schema {
    /// Reads the `openAPIV3Schema` of a custom resource's version; `apiVersion`, `kind` and `metadata` are added.
    ///
    /// What is malformed reads as if it were absent: `CustomResourceValidation` refuses such definitions beforehand.
    public convenience init(openAPIV3Schema node: JSON) {
        self.init(structural: node, isRoot: true)
    }

    convenience init(structural node: JSON, isRoot: Bool = false) {
        let object = node.object ?? JSONObject()
        var body = SchemaBody()
        var rules = SchemaRules(object)
        body.kind = Kind(rawValue: rules.typeText) ?? .any
        if object["x-kubernetes-int-or-string"]?.bool == true { body.kind = .intOrString }
        body.format = object["format"]?.string ?? ""
        for (key, child) in object["properties"]?.object ?? JSONObject() {
            body.properties[key] = Schema(structural: child)
        }
        switch object["additionalProperties"] {
        case .object(let map): body.additional = Schema(structural: .object(map))
        case .bool(true): rules.preservesUnknown = true
        case .null, .bool, .number, .string, .array, nil: break
        }
        body.items = object["items"].map { Schema(structural: $0) }
        body.required = object["required"]?.strings ?? []
        if isRoot || rules.isEmbeddedResource {
            body.kind = .object
            body.properties["apiVersion"] = Schema(builtIn: ["type": "string"])
            body.properties["kind"] = Schema(builtIn: ["type": "string"])
            body.properties["metadata"] = Schema(
                builtIn: ["$ref": "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"])
        }
        body.hasExpressions =
            !rules.expressions.isEmpty || rules.allOf.contains { !($0.rules?.expressions ?? []).isEmpty }
            || body.items?.hasExpressions == true || body.additional?.hasExpressions == true
            || body.properties.values.contains { $0.hasExpressions }
        body.rules = rules
        self.init(body, placement: SchemaPlacement(object))
    }
}

extension SchemaRules {
    init(_ node: JSONObject) {
        isNullable = node["nullable"]?.bool ?? false
        defaultValue = node["default"]
        preservesUnknown = node["x-kubernetes-preserve-unknown-fields"]?.bool ?? false
        isEmbeddedResource = node["x-kubernetes-embedded-resource"]?.bool ?? false
        typeText = node["type"]?.string ?? ""
        allowed = node["enum"]?.array ?? []
        minimum = node["minimum"]?.number
        maximum = node["maximum"]?.number
        minimumIsExclusive = node["exclusiveMinimum"]?.bool ?? false
        maximumIsExclusive = node["exclusiveMaximum"]?.bool ?? false
        multipleOf = node["multipleOf"]?.number
        minLength = node["minLength"]?.int
        maxLength = node["maxLength"]?.int
        pattern = node["pattern"]?.string
        minItems = node["minItems"]?.int
        maxItems = node["maxItems"]?.int
        uniqueItems = node["uniqueItems"]?.bool ?? false
        minProperties = node["minProperties"]?.int
        maxProperties = node["maxProperties"]?.int
        allOf = (node["allOf"]?.array ?? []).map { Schema(structural: $0) }
        anyOf = (node["anyOf"]?.array ?? []).map { Schema(structural: $0) }
        oneOf = (node["oneOf"]?.array ?? []).map { Schema(structural: $0) }
        not = node["not"].map { Schema(structural: $0) }
        expressions = (node["x-kubernetes-validations"]?.array ?? []).compactMap { ExpressionRule($0) }
    }
}
