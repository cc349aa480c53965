import JSONTree

extension Schema {
    /// Reads a node of the built-in definitions as `scripts/generate-schemas` writes them.
    convenience init(builtIn node: JSON, definition: String = "") {
        let object = node.object ?? JSONObject()
        let placement = SchemaPlacement(object)
        if let reference = object["$ref"]?.string {
            self.init(SchemaBody(), reference: reference, placement: placement)
            return
        }
        var body = SchemaBody()
        body.kind = Kind(builtIn: object)
        body.format = object["format"]?.string ?? ""
        for (key, child) in object["properties"]?.object ?? JSONObject() {
            body.properties[key] = Schema(builtIn: child)
        }
        body.required = object["required"]?.strings ?? []
        body.items = object["items"].map { Schema(builtIn: $0) }
        body.additional = object["additionalProperties"].map { Schema(builtIn: $0) }
        body.zeroIsAbsent = Set(object["x-omit-zero"]?.strings ?? [])
        self.init(body, definition: definition, placement: placement)
    }
}

extension Schema.Kind {
    fileprivate init(builtIn node: JSONObject) {
        if let choices = node["oneOf"]?.array {
            let names = choices.compactMap { $0["type"]?.string }
            self = names.contains("integer") ? .intOrString : .quantity
            return
        }
        self = node["type"]?.string.flatMap(Schema.Kind.init(rawValue:)) ?? .any
    }
}
