import JSONTree

/// What the tables of defaults and rules say about one definition, looked up when its schema is made: every value of that
/// definition asks for all of it.
struct DefinitionKnowledge: Sendable {
    let defaults: JSONObject?
    let conditionalDefaults: (@Sendable (inout JSONObject) -> Void)?
    let fieldRules: [FieldRule]
    let rule: DefinitionRules.Rule?

    /// - Parameter definition: the full name; empty for a node without one, about which the tables say nothing.
    init(_ definition: String) {
        if definition.isEmpty {
            defaults = nil
            conditionalDefaults = nil
            fieldRules = []
            rule = nil
        } else {
            defaults = Defaults.constants[definition]
            conditionalDefaults = ConditionalDefaults.byDefinition[definition]
            fieldRules = FieldRules.byDefinition[definition] ?? []
            rule = DefinitionRules.byDefinition[definition]
        }
    }
}
