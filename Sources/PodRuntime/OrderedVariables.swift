/// Environment variables in the order in which they were first set, each name once.
struct OrderedVariables {
    private var names: [String] = []
    private var values: [String: String] = [:]

    subscript(name: String) -> String? {
        get { values[name] }
        set {
            if values[name] == nil, newValue != nil { names.append(name) }
            if newValue == nil { names.removeAll { $0 == name } }
            values[name] = newValue
        }
    }

    /// `NAME=value`.
    var entries: [String] { names.map { "\($0)=\(values[$0] ?? "")" } }
}
