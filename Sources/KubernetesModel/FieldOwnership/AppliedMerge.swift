import JSONTree

/// Brings an applied configuration and the object that is there together, part by part.
enum AppliedMerge {
    /// The object with what is applied; lists keep the applied order, with the others' elements where they were.
    static func merged(_ live: JSON, _ applied: JSON, _ schema: Schema?) -> JSON {
        let structure = FieldStructure(of: applied.isNull ? live : applied, schema)
        switch (structure, live, applied) {
        case (.map, .object(let old), .object(let new)):
            var result = old
            for (key, value) in new {
                result[key] = old[key].map { merged($0, value, schema?.member(key)) } ?? value
            }
            return .object(result)
        case (.set, .array(let old), .array(let new)), (.keyed, .array(let old), .array(let new)):
            return .array(merged(old, new, structure, schema?.items))
        case (.map, .object, .null), (.set, .array, .null), (.keyed, .array, .null): return live
        case (_, _, _): return applied
        }
    }

    private static func merged(
        _ live: [JSON], _ applied: [JSON], _ structure: FieldStructure, _ items: Schema?
    ) -> [JSON] {
        let (old, before) = structure.elements(live, items)
        let (new, after) = structure.elements(applied, items)
        var shared = new.filter { before[$0] != nil }[...]
        var taken: Set<String> = []
        var result: [JSON] = []
        var (left, right) = (0, 0)
        func take(_ element: String) {
            taken.insert(element)
            guard let value = after[element] else { return }
            result.append(before[element].map { merged($0, value, items) } ?? value)
        }
        while left < old.count || right < new.count {
            if left < old.count, right < new.count {
                let element = old[left]
                if element == new[right] {
                    take(element)
                    left += 1
                    right += 1
                    shared = shared.dropFirst()
                    continue
                }
                if after[element] != nil, let next = shared.first, next != element {
                    // Comes later, where the applied order has it.
                    left += 1
                    continue
                }
            }
            if left < old.count {
                let element = old[left]
                if after[element] == nil {
                    result.append(live[left])
                    left += 1
                    continue
                }
                if taken.contains(element) { left += 1 }
            }
            if right < new.count {
                let element = new[right]
                take(element)
                right += 1
                if shared.first == element { shared = shared.dropFirst() }
            }
        }
        return result
    }

    /// The object without the fields of a set; what becomes empty by that goes too.
    ///
    /// - Returns: `nil` where nothing is left.
    static func removing(_ set: FieldSet, from value: JSON, _ schema: Schema?) -> JSON? {
        let structure = FieldStructure(of: value, schema)
        switch (structure, value) {
        case (.map, .object(let object)):
            var result = object
            for branch in set.children.list where branch.element.hasPrefix("f:") {
                let child = branch.set
                let key = String(branch.element.dropFirst(2))
                guard let own = object[key] else { continue }
                result[key] = child.isMember ? nil : removing(child, from: own, schema?.member(key))
            }
            return result.isEmpty ? nil : .object(result)
        case (.set, .array(let list)), (.keyed, .array(let list)):
            var result: [JSON] = []
            for (place, value) in list.enumerated() {
                let element = structure.element(value, schema?.items) ?? FieldElement.index(place)
                guard let child = set.children[element] else {
                    result.append(value)
                    continue
                }
                if child.isMember { continue }
                if let rest = removing(child, from: value, schema?.items) { result.append(rest) }
            }
            return result.isEmpty ? nil : .array(result)
        case (_, _): return value
        }
    }
}
