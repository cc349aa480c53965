import JSONTree

/// JSON values as YAML in blocks, as people write manifests.
enum YAMLText {
    /// The value as a YAML document that ends with a new line.
    static func text(_ value: JSON) -> String { block(value, indent: 0).joined(separator: "\n") + "\n" }

    private static func block(_ value: JSON, indent: Int) -> [String] {
        let margin = String(repeating: " ", count: indent)
        switch value {
        case .object(let object) where !object.isEmpty:
            return object.flatMap { key, value in
                guard let nested = nested(value) else { return ["\(margin)\(word(key)): \(inline(value))"] }
                // Elements of a list stand below its key without more indentation.
                return ["\(margin)\(word(key)):"] + block(nested, indent: nested.array == nil ? indent + 2 : indent)
            }
        case .array(let elements) where !elements.isEmpty:
            return elements.flatMap { element in
                guard let nested = nested(element) else { return ["\(margin)- \(inline(element))"] }
                var lines = block(nested, indent: indent + 2)
                if let first = lines.first { lines[0] = "\(margin)- \(first.dropFirst(indent + 2))" }
                return lines
            }
        default:
            return [margin + inline(value)]
        }
    }

    /// The value, where it takes lines of its own.
    private static func nested(_ value: JSON) -> JSON? {
        switch value {
        case .object(let object): object.isEmpty ? nil : value
        case .array(let elements): elements.isEmpty ? nil : value
        default: nil
        }
    }

    private static func inline(_ value: JSON) -> String { value.string.map(word) ?? value.text() }

    /// A string, in quotes unless it can only be read as that string. JSON's quoted strings are YAML's, too.
    private static func word(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "-._/".utf8.contains($0)
        }
        let looksLikeMore = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
        guard isPlain, !looksLikeMore, text.first?.isLetter == true else { return JSON.string(text).text() }
        return text
    }
}
