/// What an expression may come to, as far as a schema tells.
indirect enum ExpressionType: Sendable {
    /// Nobody knows before there is a value.
    case dynamic
    case null, bool, int, uint, double, string, bytes, type, timestamp, duration, quantity
    case list(ExpressionType)
    case map(ExpressionType, ExpressionType)
    /// An object whose members a schema names.
    case object(Schema)
    case optional(ExpressionType)

    /// What values of a schema are; `nil` for those that rules cannot see because nobody said what they are.
    init?(_ schema: Schema) {
        switch schema.kind {
        case .boolean: self = .bool
        case .integer: self = .int
        case .number: self = .double
        case .string:
            switch schema.format {
            case "date-time", "datetime", "date": self = .timestamp
            case "duration": self = .duration
            case "byte": self = .bytes
            default: self = .string
            }
        case .intOrString, .quantity: self = .dynamic
        case .array:
            guard let items = schema.items, let element = ExpressionType(items) else { return nil }
            self = .list(element)
        case .object:
            if let additional = schema.additional {
                guard let element = ExpressionType(additional) else { return nil }
                self = .map(.string, element)
            } else {
                self = .object(schema)
            }
        case .any: return nil
        }
    }

    /// As messages call it.
    var name: String {
        switch self {
        case .dynamic: "dyn"
        case .null: "null"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .type: "type"
        case .timestamp: "timestamp"
        case .duration: "duration"
        case .quantity: "kubernetes.Quantity"
        case .list(let element): "list(\(element.name))"
        case .map(let key, let value): "map(\(key.name), \(value.name))"
        case .object: "object"
        case .optional(let value): "optional_type(\(value.name))"
        }
    }

    var isDynamic: Bool { if case .dynamic = self { true } else { false } }

    /// Whether a value of this type can stand where one of another is wanted.
    func fits(_ wanted: ExpressionType) -> Bool {
        if isDynamic || wanted.isDynamic || isNull || wanted.isNull { return true }
        if case .list(let own) = self, case .list(let other) = wanted { return own.fits(other) }
        if case .optional(let own) = self, case .optional(let other) = wanted { return own.fits(other) }
        if case .map(let key, let value) = self, case .map(let otherKey, let otherValue) = wanted {
            return key.fits(otherKey) && value.fits(otherValue)
        }
        return runtimeName == wanted.runtimeName
    }

    private var isNull: Bool { if case .null = self { true } else { false } }

    /// What values of the type call it; `nil` for what may be anything.
    var runtimeName: String? {
        switch self {
        case .dynamic: nil
        case .null: "null_type"
        case .bool: "bool"
        case .int: "int"
        case .uint: "uint"
        case .double: "double"
        case .string: "string"
        case .bytes: "bytes"
        case .type: "type"
        case .timestamp: "google.protobuf.Timestamp"
        case .duration: "google.protobuf.Duration"
        case .quantity: "kubernetes.Quantity"
        case .list: "list"
        case .map: "map"
        case .object: "object"
        case .optional: "optional_type"
        }
    }

    /// The one type for values of both; `dynamic` where they differ.
    func joined(_ other: ExpressionType) -> ExpressionType {
        if case .null = self { return other }
        if case .null = other { return self }
        return fits(other) ? (isDynamic ? .dynamic : self) : .dynamic
    }
}
