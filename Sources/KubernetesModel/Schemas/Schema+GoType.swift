extension Schema {
    /// The type as Go's messages name it: `int32`, `[]v1.Container`, `map[string]string`.
    var goType: String {
        switch kind {
        case .string: format == "byte" ? "[]uint8" : "string"
        case .boolean: "bool"
        case .integer: format.isEmpty ? "int64" : format
        case .number: "float64"
        case .array: "[]\(items?.goType ?? "interface {}")"
        case .object:
            if let additional {
                "map[string]\(additional.goType)"
            } else {
                typeName.isEmpty ? "map[string]interface {}" : "\(packageName).\(typeName)"
            }
        case .intOrString: "intstr.IntOrString"
        case .quantity: "resource.Quantity"
        case .any: "interface {}"
        }
    }

    /// The last but one part of the definition's name, which is the Go package: `v1`.
    private var packageName: Substring {
        let parts = target.definition.split(separator: ".")
        return parts.count >= 2 ? parts[parts.count - 2] : "v1"
    }
}
