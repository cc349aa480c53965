import JSONTree

/// How the parts of a value are owned: each by itself, or only all together.
enum FieldStructure {
    /// Owned as a whole.
    case atomic
    /// Each member by itself.
    case map
    /// Each element by itself, told apart by its value.
    case set
    /// Each element by itself, told apart by these members.
    case keyed([String])

    var isAtomic: Bool { if case .atomic = self { true } else { false } }

    /// The structure of a value where a schema describes it.
    ///
    /// - Parameter schema: `nil` where nothing is known: maps are granular then, lists are not.
    init(of value: JSON, _ schema: Schema?) {
        guard let schema else {
            self = value.object == nil ? .atomic : .map
            return
        }
        switch value {
        case .object:
            let isFree = schema.properties.isEmpty && schema.additional == nil
            if schema.isAtomicMap || schema.target.isAtomicMap || (isFree && !schema.isStructural) {
                self = .atomic
            } else {
                self = .map
            }
        case .array:
            guard schema.items != nil else {
                self = .atomic
                return
            }
            switch schema.listType {
            case .atomic: self = .atomic
            case .set: self = .set
            case .map(let keys): self = keys.isEmpty ? .atomic : .keyed(keys)
            }
        case .null, .bool, .number, .string: self = .atomic
        }
    }

    /// The path element of a list's element.
    ///
    /// - Returns: `nil` where it has none of its keys.
    func element(_ value: JSON, _ items: Schema?) -> String? {
        switch self {
        case .atomic, .map: return nil
        case .set: return FieldElement.value(value)
        case .keyed(let keys):
            var found: [(String, JSON)] = []
            for key in keys {
                if let own = value[key], !own.isNull {
                    found.append((key, own))
                } else if let fallback = Self.fallback(key, items) {
                    found.append((key, fallback))
                }
            }
            return found.isEmpty ? nil : FieldElement.keyed(found)
        }
    }

    /// What an absent key reads as. Of the built-in kinds' keys only a port's protocol has a default.
    private static func fallback(_ key: String, _ items: Schema?) -> JSON? {
        guard let items, let member = items.properties[key] else { return nil }
        if items.isStructural { return member.rules?.defaultValue }
        return key == "protocol" ? "TCP" : nil
    }

    /// The elements of a list by their path elements, in order. An element without one is named by its place; of
    /// several with the same one the first counts.
    func elements(_ list: [JSON], _ items: Schema?) -> (order: [String], values: [String: JSON]) {
        var order: [String] = []
        var values: [String: JSON] = [:]
        order.reserveCapacity(list.count)
        for (place, value) in list.enumerated() {
            let element = element(value, items) ?? FieldElement.index(place)
            order.append(element)
            if values[element] == nil { values[element] = value }
        }
        return (order, values)
    }
}
