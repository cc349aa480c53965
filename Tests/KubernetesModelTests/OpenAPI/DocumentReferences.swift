import JSONTree

extension JSON {
    /// Every `$ref` of a document.
    var references: Set<String> {
        switch self {
        case .object(let object):
            object.reduce(into: []) { found, member in
                if member.key == "$ref", let text = member.value.string { found.insert(text) }
                found.formUnion(member.value.references)
            }
        case .array(let elements): elements.reduce(into: []) { $0.formUnion($1.references) }
        case .null, .bool, .number, .string: []
        }
    }
}
