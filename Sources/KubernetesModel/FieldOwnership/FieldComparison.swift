import JSONTree

/// Which fields differ between two versions of an object.
struct FieldComparison {
    /// What is new or has another value.
    var changed = FieldSet()
    var removed = FieldSet()

    init(_ old: JSON, _ new: JSON, _ schema: Schema?, _ skeleton: FieldSkeleton) {
        Self.compare(old, new, schema, skeleton, &changed, &removed)
    }

    var isEmpty: Bool { changed.isEmpty && removed.isEmpty }

    private static func compare(
        _ old: JSON, _ new: JSON, _ schema: Schema?, _ skeleton: FieldSkeleton?, _ changed: inout FieldSet,
        _ removed: inout FieldSet
    ) {
        let structure = FieldStructure(of: new.isNull ? old : new, schema)
        switch (structure, old, new) {
        case (.map, .object(let before), .object(let after)):
            compare(before, after, schema, skeleton, &changed, &removed)
        case (.map, .null, .object(let after)): compare(JSONObject(), after, schema, skeleton, &changed, &removed)
        case (.map, .object(let before), .null): compare(before, JSONObject(), schema, skeleton, &changed, &removed)
        case (.set, .array(let before), .array(let after)), (.keyed, .array(let before), .array(let after)):
            if before == after { return }
            compare(before, after, structure, schema?.items, &changed, &removed)
        case (_, _, _): if old != new { changed.isMember = true }
        }
    }

    private static func compare(
        _ old: JSONObject, _ new: JSONObject, _ schema: Schema?, _ skeleton: FieldSkeleton?,
        _ changed: inout FieldSet, _ removed: inout FieldSet
    ) {
        var (came, went): ([FieldBranches.Branch], [FieldBranches.Branch]) = ([], [])
        func visit(_ key: String, _ before: JSON?, _ after: JSON?) {
            let below = skeleton?.children[key]
            // What is always there is only empty where it is absent.
            let empty: JSON? = below.map { $0.isList ? .array([]) : .object(JSONObject()) }
            let child = schema?.member(key)
            var (changes, removals) = (FieldSet(), FieldSet())
            switch (before ?? empty, after ?? empty) {
            case (nil, nil): return
            case (nil, .some(let value)): changes = FieldSet(allOf: value, child)
            case (.some(let value), nil): removals = FieldSet(allOf: value, child)
            case (.some(let before), .some(let after)):
                // Most of an object stays as it is.
                if before == after { return }
                compare(before, after, child, below, &changes, &removals)
            }
            guard !changes.isEmpty || !removals.isEmpty else { return }
            let element = FieldElement.member(key)
            if !changes.isEmpty { came.append(FieldBranches.Branch(element: element, set: changes)) }
            if !removals.isEmpty { went.append(FieldBranches.Branch(element: element, set: removals)) }
        }
        for (key, value) in new { visit(key, old[key], value) }
        for (key, value) in old where !new.contains(key) { visit(key, value, nil) }
        changed.children = FieldBranches(unsorted: came)
        removed.children = FieldBranches(unsorted: went)
    }

    private static func compare(
        _ old: [JSON], _ new: [JSON], _ structure: FieldStructure, _ items: Schema?, _ changed: inout FieldSet,
        _ removed: inout FieldSet
    ) {
        let before = structure.elements(old, items)
        let after = structure.elements(new, items)
        for (element, value) in after.values {
            guard let previous = before.values[element] else {
                changed.set(element, FieldSet(allOf: value, items))
                continue
            }
            var (changes, removals) = (FieldSet(), FieldSet())
            compare(previous, value, items, nil, &changes, &removals)
            changed.set(element, changes)
            removed.set(element, removals)
        }
        for (element, value) in before.values where after.values[element] == nil {
            removed.set(element, FieldSet(allOf: value, items))
        }
    }
}

extension FieldSet {
    /// Every place of a value that came or went as a whole.
    init(allOf value: JSON, _ schema: Schema?) {
        self.init(isMember: true)
        let structure = FieldStructure(of: value, schema)
        switch (structure, value) {
        case (.map, .object(let object)):
            children = FieldBranches(
                unsorted: object.map { (key, value) in
                    FieldBranches.Branch(
                        element: FieldElement.member(key), set: FieldSet(allOf: value, schema?.member(key)))
                })
        case (.set, .array(let list)), (.keyed, .array(let list)):
            let items = schema?.items
            children = FieldBranches(
                unsorted: list.enumerated().map { (place, value) in
                    FieldBranches.Branch(
                        element: structure.element(value, items) ?? FieldElement.index(place),
                        set: FieldSet(allOf: value, items))
                })
        case (_, _): break
        }
    }

    /// The fields that somebody who applies a value says something about: leaves, elements of lists and keys of maps,
    /// but not the structs that only hold them.
    init(applied value: JSON, _ schema: Schema?) {
        self.init()
        let structure = FieldStructure(of: value, schema)
        switch (structure, value) {
        case (.map, .object(let object)):
            for (key, value) in object {
                var child = FieldSet(applied: value, schema?.member(key))
                if value.isNull || value.object?.isEmpty == true || schema?.properties[key] == nil {
                    child.isMember = true
                }
                set(FieldElement.member(key), child)
            }
        case (.set, .array(let list)), (.keyed, .array(let list)):
            for (element, value) in structure.elements(list, schema?.items).values {
                var child = FieldSet(applied: value, schema?.items)
                child.isMember = true
                children[element] = child
            }
        case (_, _): isMember = true
        }
    }

    /// The set with the structs that hold its fields, where the schema knows them by name.
    func withNamedParents(_ schema: Schema?) -> FieldSet {
        var result = FieldSet(isMember: isMember)
        for branch in children.list {
            guard branch.element.hasPrefix("f:") else {
                result.children[branch.element] = branch.set.withNamedParents(schema?.items)
                continue
            }
            let key = String(branch.element.dropFirst(2))
            var below = branch.set.withNamedParents(schema?.member(key))
            if schema?.properties[key] != nil { below.isMember = true }
            result.children[branch.element] = below
        }
        return result
    }
}
