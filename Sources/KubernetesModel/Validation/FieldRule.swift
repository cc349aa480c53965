import JSONTree

/// One rule about the members of a definition; the tables of `FieldRules` are made of these.
enum FieldRule: Sendable {
    /// The member must be there and, where it is text or a list, not be empty.
    case required(String)
    /// The member is one of these words.
    case oneOf(String, [JSON])
    /// A whole number not below zero.
    case notNegative(String)
    /// A whole number above zero.
    case positive(String)
    /// A TCP or UDP port.
    case port(String)
    /// Text that is a DNS label.
    case dnsLabel(String)
    /// Text that is a DNS subdomain.
    case dnsSubdomain(String)
    /// Text that is a qualified name, as label keys are.
    case qualifiedName(String)
    /// A list whose elements differ in this member.
    case unique(String, by: String)
    /// A map of labels.
    case labels(String)

    func check(_ object: JSONObject, _ path: FieldPath, _ problems: inout FieldProblems) {
        switch self {
        case .required(let key):
            let value = object[key]
            if value == nil || value == "" || value?.array?.isEmpty == true { problems.required(path.child(key)) }
        case .oneOf(let key, let words):
            guard let value = object[key], !words.contains(value) else { return }
            problems.unsupported(path.child(key), value, words)
        case .notNegative(let key):
            guard let number = object[key]?.int, number < 0 else { return }
            problems.invalid(path.child(key), JSON(number), "must be greater than or equal to 0")
        case .positive(let key):
            guard let number = object[key]?.int, number <= 0 else { return }
            problems.invalid(path.child(key), JSON(number), "must be greater than zero")
        case .port(let key):
            guard let number = object[key]?.int, !(1...65535).contains(number) else { return }
            problems.invalid(path.child(key), JSON(number), "must be between 1 and 65535, inclusive")
        case .dnsLabel(let key): name(object, key, path, &problems) { LabelSyntax.problem(dnsLabel: $0) }
        case .dnsSubdomain(let key): name(object, key, path, &problems) { LabelSyntax.problem(subdomain: $0) }
        case .qualifiedName(let key): name(object, key, path, &problems) { LabelSyntax.problem(key: $0) }
        case .unique(let list, let key):
            var seen: Set<String> = []
            for (place, element) in (object[list]?.array ?? []).enumerated() {
                guard let text = element[key]?.string, !text.isEmpty, !seen.insert(text).inserted else { continue }
                problems.duplicate(path.child(list).index(place).child(key), .string(text))
            }
        case .labels(let key): MetadataValidation.checkLabels(object[key], path.child(key), &problems)
        }
    }

    private func name(
        _ object: JSONObject, _ key: String, _ path: FieldPath, _ problems: inout FieldProblems,
        _ problem: (String) -> String?
    ) {
        guard let text = object[key]?.string, !text.isEmpty, let detail = problem(text) else { return }
        problems.invalid(path.child(key), text, detail)
    }
}
