public import JSONTree

extension JSON {
    /// The value as Go prints it: `map[spec:map[replicas:2]]`, members in the order of their names, texts bare.
    public var goText: String {
        switch self {
        case .null: "<nil>"
        case .bool(let flag): flag ? "true" : "false"
        case .number(let number): number.text
        case .string(let text): text
        case .array(let elements): "[\(elements.map(\.goText).joined(separator: " "))]"
        case .object(var members):
            {
                members.sortKeys()
                return "map[\(members.map { "\($0.key):\($0.value.goText)" }.joined(separator: " "))]"
            }()
        }
    }
}
