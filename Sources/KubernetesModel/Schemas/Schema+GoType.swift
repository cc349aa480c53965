import JSONTree

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

    /// What Go's converter says about a value of another type; `nil` where it reads the value as text as well.
    func goConversionFailure(of value: JSON) -> String? {
        let found =
            switch value {
            case .null: "interface"
            case .bool: "bool"
            case .number(let number): number.int == nil ? "float64" : "int64"
            case .string: "string"
            case .array: "slice"
            case .object: "map"
            }
        switch kind {
        case .string, .boolean, .integer, .number:
            // Go would make a text of a number, and the converter says that it does not.
            let isConvertible = value.number != nil && kind != .boolean
            return isConvertible ? "cannot convert \(found) to \(goType)" : "unrecognized type: \(goType)"
        case .array: return "cannot restore slice from \(found)"
        case .object:
            return additional == nil ? "cannot restore struct from: \(found)" : "cannot restore map from \(found)"
        case .intOrString, .quantity, .any: return nil
        }
    }
}
