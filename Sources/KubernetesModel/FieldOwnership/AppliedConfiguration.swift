import JSONTree

/// Whether an applied configuration fits its schema, and the text that kubectl's annotation keeps of one.
enum AppliedConfiguration {
    /// - Returns: 500, as Kubernetes answers, for members that the schema does not know and for elements of lists that
    ///   cannot be told apart.
    static func problem(_ applied: JSON, _ schema: Schema?) -> APIError? {
        guard let schema else { return nil }
        var problems: [String] = []
        visit(applied, schema, "", &problems)
        guard let first = problems.first else { return nil }
        let why = problems.count == 1 ? first : "errors:\n" + problems.map { "  \($0)" }.joined(separator: "\n")
        let version = applied["apiVersion"]?.string ?? ""
        let kind = applied["kind"]?.string ?? ""
        let name = applied["metadata", "name"]?.string ?? ""
        let place = applied["metadata", "namespace"]?.string ?? ""
        return APIError(
            code: 500, reason: APIError.Reason(rawValue: ""),
            message: "failed to create typed patch object (\(place)/\(name); \(version), Kind=\(kind)): \(why)")
    }

    private static func visit(_ value: JSON, _ schema: Schema, _ path: String, _ problems: inout [String]) {
        let structure = FieldStructure(of: value, schema)
        switch (structure, value) {
        case (.map, .object(let object)):
            let isOpen = schema.rules?.preservesUnknown ?? false
            for (key, value) in object {
                if let child = schema.member(key) {
                    visit(value, child, "\(path).\(key)", &problems)
                } else if !isOpen {
                    problems.append("\(path).\(key): field not declared in schema")
                }
            }
        case (.set, .array(let list)), (.keyed, .array(let list)):
            guard let items = schema.items else { return }
            var seen: Set<String> = []
            for (place, value) in list.enumerated() {
                guard let element = structure.element(value, items) else {
                    problems.append(
                        "\(path): element \(place): associative list with keys has an element that omits all key fields "
                            + "(and doesn't have default values for any key fields)")
                    continue
                }
                let text = FieldElement.pathText(element)
                if !seen.insert(element).inserted { problems.append("\(path): duplicate entries for key \(text)") }
                visit(value, items, path + text, &problems)
            }
        case (_, _): break
        }
    }

    /// The configuration as the annotation keeps it: sorted members, a line end.
    static func text(_ applied: JSON) -> String {
        var configuration = applied
        configuration["metadata", "managedFields"] = nil
        return sorted(configuration).text() + "\n"
    }

    private static func sorted(_ value: JSON) -> JSON {
        switch value {
        case .object(let object):
            var result = JSONObject()
            for (key, value) in object { result[key] = sorted(value) }
            result.sortKeys()
            return .object(result)
        case .array(let list): return .array(list.map(sorted))
        case .null, .bool, .number, .string: return value
        }
    }
}
