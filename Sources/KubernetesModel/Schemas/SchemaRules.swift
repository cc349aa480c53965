public import JSONTree

/// What a custom resource's schema says about values, beyond their types (`apiextensions/v1 JSONSchemaProps`).
public struct SchemaRules: Sendable {
    public internal(set) var isNullable = false
    /// Filled in where the member is absent.
    public internal(set) var defaultValue: JSON?
    /// Members that are not named are kept.
    public internal(set) var preservesUnknown = false
    /// The value is a whole Kubernetes object with `apiVersion`, `kind` and `metadata`.
    public internal(set) var isEmbeddedResource = false
    /// The type as the schema writes it, for messages; empty where it has none.
    public internal(set) var typeText = ""
    var allowed: [JSON] = []
    var minimum: JSONNumber?
    var maximum: JSONNumber?
    var minimumIsExclusive = false
    var maximumIsExclusive = false
    var multipleOf: JSONNumber?
    var minLength: Int?
    var maxLength: Int?
    var pattern: String?
    var minItems: Int?
    var maxItems: Int?
    var uniqueItems = false
    var minProperties: Int?
    var maxProperties: Int?
    var allOf: [Schema] = []
    var anyOf: [Schema] = []
    var oneOf: [Schema] = []
    var not: Schema?
    /// `x-kubernetes-validations`.
    var expressions: [ExpressionRule] = []
}
