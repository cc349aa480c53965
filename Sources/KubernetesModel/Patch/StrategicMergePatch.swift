public import JSONTree

/// Strategic merge patches: objects merge, lists of objects merge by their key, and directives within the patch
/// (`$patch`, `$retainKeys`, `$deleteFromPrimitiveList/…`, `$setElementOrder/…`) say what else to do.
///
/// Server-side apply will stand beside this in `Patch/`: it merges by `Schema.listType`, and owners are sets of paths.
public enum StrategicMergePatch {
    private static let directive = "$patch"
    private static let retainKeys = "$retainKeys"
    private static let deletePrefix = "$deleteFromPrimitiveList/"
    private static let orderPrefix = "$setElementOrder/"

    /// Applies a patch to an object.
    ///
    /// - Parameter schema: the object's; custom resources have none that lists could merge by, and take merge patches only.
    /// - Throws: `JSONError` with code `patch` where a directive or an element of a merged list is malformed.
    public static func apply(_ patch: JSON, to original: JSON, schema: Schema) throws(JSONError) -> JSON {
        guard case .object(let changes) = patch else {
            throw JSONError(.patch, "a strategic merge patch is an object, not \(patch.kindName)")
        }
        return .object(try merge(changes, into: original.object ?? JSONObject(), schema))
    }

    // MARK: - Objects

    private static func merge(
        _ patch: JSONObject, into original: JSONObject, _ schema: Schema?
    ) throws(JSONError) -> JSONObject {
        var patch = patch
        if let word = patch[directive] {
            patch[directive] = nil
            switch word.string {
            case "replace": return cleaned(patch)
            case "delete": return JSONObject()
            case "merge": break
            default: throw JSONError(.patch, "Unknown patch type found: \(word.string ?? word.text())")
            }
        }
        var result = original
        try retain(&patch, &result)
        for (key, value) in patch {
            guard let name = key.stripped(of: deletePrefix) else { continue }
            guard let gone = value.array else { throw malformed(key, "a list") }
            guard let elements = result[name]?.array else { continue }
            result[name] = .array(elements.filter { !gone.contains($0) })
        }
        for (key, value) in patch where !key.hasPrefix(deletePrefix) && !key.hasPrefix(orderPrefix) {
            try merge(key, value, into: &result, schema?.member(key))
        }
        for (key, value) in patch {
            guard let name = key.stripped(of: orderPrefix) else { continue }
            guard let order = value.array else { throw malformed(key, "a list") }
            guard let elements = result[name]?.array else { continue }
            result[name] = .array(sorted(elements, by: order, mergeKey: schema?.member(name)?.mergeKey))
        }
        return result
    }

    private static func merge(
        _ key: String, _ value: JSON, into result: inout JSONObject, _ schema: Schema?
    ) throws(JSONError) {
        switch value {
        case .null: result[key] = nil
        case .object(let changes):
            if changes[directive] == "delete" {
                result[key] = nil
            } else {
                result[key] = .object(try merge(changes, into: result[key]?.object ?? JSONObject(), schema))
            }
        case .array(let elements):
            result[key] = .array(try merge(elements, into: result[key]?.array ?? [], schema, key))
        case .bool, .number, .string: result[key] = value
        }
    }

    /// Drops what `$retainKeys` does not name: for unions, of which only one member may be set.
    private static func retain(_ patch: inout JSONObject, _ result: inout JSONObject) throws(JSONError) {
        guard let list = patch[retainKeys] else { return }
        patch[retainKeys] = nil
        guard let kept = list.strings else { throw malformed(retainKeys, "a list of names") }
        let names = Set(kept)
        for (key, value) in patch where !value.isNull && !key.hasPrefix("$") && !names.contains(key) {
            throw JSONError(.patch, "\(retainKeys) must name every field that the patch sets, and lacks \(key)")
        }
        result.filter { key, _ in names.contains(key) }
    }

    // MARK: - Lists

    private static func merge(
        _ patch: [JSON], into original: [JSON], _ schema: Schema?, _ name: String
    ) throws(JSONError) -> [JSON] {
        guard let schema, schema.patchStrategies.contains("merge") else { return cleaned(patch) }
        guard let mergeKey = schema.mergeKey else {
            var result = original
            for element in patch where !result.contains(element) { result.append(element) }
            return result
        }
        var result = original
        var changes: [(key: JSON, element: JSONObject)] = []
        var isReplaced = false
        for element in patch {
            guard case .object(let object) = element else { throw malformed(name, "a list of objects") }
            let word = object[directive]?.string
            if word == "replace", object[mergeKey] == nil {
                isReplaced = true
                continue
            }
            guard let key = object[mergeKey] else {
                throw JSONError(.patch, "map: \(element.text()) does not contain declared merge key: \(mergeKey)")
            }
            if word == "delete" {
                result.removeAll { $0[mergeKey] == key }
            } else {
                changes.append((key, object))
            }
        }
        if isReplaced { return changes.map { .object(cleaned($0.element)) } }
        for (key, element) in changes {
            let place = result.firstIndex { $0[mergeKey] == key }
            let own = place.flatMap { result[$0].object } ?? JSONObject()
            let merged = JSON.object(try merge(element, into: own, schema.items))
            if let place { result[place] = merged } else { result.append(merged) }
        }
        return result
    }

    /// The elements that the patch names, in its order; each other element stays before those it was before.
    private static func sorted(_ elements: [JSON], by order: [JSON], mergeKey: String?) -> [JSON] {
        func key(_ element: JSON) -> JSON { mergeKey.map { element[$0] ?? .null } ?? element }
        var ranks: [JSON: Int] = [:]
        for (place, entry) in order.enumerated() { ranks[key(entry)] = place }
        var named: [(place: Int, rank: Int)] = []
        var others: [Int] = []
        for (place, element) in elements.enumerated() {
            if let rank = ranks[key(element)] { named.append((place, rank)) } else { others.append(place) }
        }
        named.sort { $0.rank < $1.rank }
        var result: [JSON] = []
        var waiting = others[...]
        for (place, _) in named {
            while let other = waiting.first, other < place {
                result.append(elements[other])
                waiting.removeFirst()
            }
            result.append(elements[place])
        }
        return result + waiting.map { elements[$0] }
    }

    // MARK: - What is new

    /// A value without directives, as it is when there is nothing to merge it with.
    private static func cleaned(_ value: JSON) -> JSON {
        switch value {
        case .object(let object): .object(cleaned(object))
        case .array(let elements): .array(cleaned(elements))
        case .null, .bool, .number, .string: value
        }
    }

    private static func cleaned(_ elements: [JSON]) -> [JSON] {
        elements.compactMap { element in
            // An element that only says to replace the list is no element.
            if let object = element.object, object[directive] != nil {
                if object.count == 1 || object[directive] == "delete" { return nil }
            }
            return cleaned(element)
        }
    }

    private static func cleaned(_ object: JSONObject) -> JSONObject {
        var result = JSONObject()
        for (key, value) in object
        where !value.isNull && key != directive && key != retainKeys && !key.hasPrefix(deletePrefix)
            && !key.hasPrefix(orderPrefix)
        {
            result[key] = cleaned(value)
        }
        return result
    }

    private static func malformed(_ name: String, _ expected: String) -> JSONError {
        JSONError(.patch, "\(name): expected \(expected)")
    }
}

extension String {
    /// What follows a prefix; `nil` where the text does not start with it.
    fileprivate func stripped(of prefix: String) -> String? {
        hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
    }
}
