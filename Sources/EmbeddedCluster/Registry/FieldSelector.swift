import JSONTree
import KubernetesModel

/// A field selector: `a=b,c!=d`, all terms of which must hold (`k8s.io/apimachinery/pkg/fields`).
struct FieldSelector: Sendable {
    /// Reads a field of an object as text; absent reads as empty.
    typealias Reader = @Sendable (KubernetesObject) -> String

    struct Term: Sendable {
        let field: String
        let value: String
        let isEqual: Bool
        let read: Reader
    }

    let terms: [Term]

    var isEmpty: Bool { terms.isEmpty }

    func matches(_ object: KubernetesObject) -> Bool {
        terms.allSatisfy { ($0.read(object) == $0.value) == $0.isEqual }
    }

    /// The one value that a field must have; `nil` where the selector does not say.
    func required(_ field: String) -> String? { terms.first { $0.field == field && $0.isEqual }?.value }

    static let everything = FieldSelector(terms: [])

    init(terms: [Term]) { self.terms = terms }

    /// Reads the text form against the fields that a resource supports.
    init(_ text: String, for definition: ResourceDefinition) throws(APIError) {
        var terms: [Term] = []
        for part in Self.split(text) where !part.isEmpty {
            guard let (field, value, isEqual) = Self.term(part) else {
                throw APIError.badRequest(
                    "invalid selector: '\(text)'; can't understand '\(part)'")
            }
            terms.append(
                Term(field: field, value: value, isEqual: isEqual, read: try Self.reader(field, definition)))
        }
        self.terms = terms
    }

    private static func reader(_ field: String, _ definition: ResourceDefinition) throws(APIError) -> Reader {
        switch field {
        case "metadata.name": return { $0.name }
        case "metadata.namespace": return { $0.namespace }
        default: break
        }
        if let reader = definition.selectableFields[field] { return reader }
        if definition.hasOwnFieldLabels { throw APIError.badRequest("field label not supported: \(field)") }
        throw APIError.badRequest(
            "\"\(field)\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
    }

    /// Splits at commas that no backslash escapes.
    private static func split(_ text: String) -> [String] {
        var parts: [String] = []
        var part = ""
        var isEscaped = false
        for character in text {
            if isEscaped {
                part.append("\\")
                part.append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "," {
                parts.append(part)
                part = ""
            } else {
                part.append(character)
            }
        }
        parts.append(part)
        return parts
    }

    private static func term(_ part: String) -> (String, String, Bool)? {
        for (sign, isEqual) in [("!=", false), ("==", true), ("=", true)] {
            guard let place = part.firstRange(of: sign) else { continue }
            let value = String(part[place.upperBound...])
            return (String(part[..<place.lowerBound]), unescaped(value), isEqual)
        }
        return nil
    }

    private static func unescaped(_ value: String) -> String {
        guard value.contains("\\") else { return value }
        var result = ""
        var isEscaped = false
        for character in value {
            if !isEscaped, character == "\\" {
                isEscaped = true
            } else {
                result.append(character)
                isEscaped = false
            }
        }
        return result
    }

    /// A reader of the text, number or truth value at a path.
    static func path(_ path: String...) -> Reader {
        { object in
            switch object.json[path] {
            case .string(let text)?: text
            case .number(let number)?: number.text
            case .bool(let value)?: value ? "true" : "false"
            case .null?, .array?, .object?, nil: ""
            }
        }
    }
}
