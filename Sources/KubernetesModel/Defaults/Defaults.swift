import CKubernetesSchemas
public import JSONTree

/// Fills in what Kubernetes fills in: constants from `defaults.json` and the conditional ones of `ConditionalDefaults`, both by
/// definition, wherever in an object the definition occurs; and the `default`s of custom resources' schemas.
///
/// Not here, because they need to know more than the object: cluster addresses of Services, and what admission adds to
/// Pods (`PodAdmission`).
public enum Defaults {
    static let constants: [String: JSONObject] = {
        var length = 0
        let start = causeway_kubernetes_defaults(&length)
        let document = try? JSON(parsing: UnsafeBufferPointer(start: start, count: length))
        var result: [String: JSONObject] = [:]
        for (name, members) in document?.object ?? JSONObject() { result[name] = members.object }
        return result
    }()

    /// The object with its defaults; idempotent.
    ///
    /// - Parameter former: an object that has them: parts of it that the new one has kept are not looked at again.
    public static func applied(to json: JSON, schema: Schema, former: JSON? = nil) -> JSON {
        visit(json, schema, former) ?? json
    }

    /// - Returns: `nil` where nothing changes.
    private static func visit(_ value: JSON, _ schema: Schema, _ former: JSON?) -> JSON? {
        if let former, value.isSame(as: former) { return nil }
        switch value {
        case .object(let object):
            let schema = schema.target
            guard schema.kind == .object || schema.isStructural else { return nil }
            return visit(object, schema, former?.object).map(JSON.object)
        case .array(let elements):
            guard let items = schema.items else { return nil }
            var changed: [JSON]?
            for (place, element) in elements.enumerated() {
                guard let new = visit(element, items, former?[place]) else { continue }
                if changed == nil { changed = elements }
                changed?[place] = new
            }
            return changed.map(JSON.array)
        case .null, .bool, .number, .string: return nil
        }
    }

    private static func visit(_ object: JSONObject, _ schema: Schema, _ former: JSONObject?) -> JSONObject? {
        var result = object
        var isChanged = false
        if let members = schema.knowledge.defaults {
            isChanged = fill(&result, with: members)
        }
        if let conditional = schema.knowledge.conditionalDefaults {
            let before = result
            conditional(&result)
            isChanged = isChanged || before != result
        }
        if schema.isStructural { isChanged = fillStructural(&result, schema) || isChanged }
        for (key, value) in result {
            // Only objects, and lists of them, have anything to fill in.
            guard value.isContainer, let child = schema.member(key), let new = visit(value, child, former?[key]) else {
                continue
            }
            result[key] = new
            isChanged = true
        }
        return isChanged ? result : nil
    }

    /// Adds members that are absent; members of objects that are there are filled in likewise.
    private static func fill(_ object: inout JSONObject, with members: JSONObject) -> Bool {
        var isChanged = false
        for (key, constant) in members {
            switch (object[key], constant) {
            case (nil, _):
                object[key] = constant
                isChanged = true
            case (.object(var own), .object(let inner)):
                if fill(&own, with: inner) {
                    object[key] = .object(own)
                    isChanged = true
                }
            case (_, _): break
            }
        }
        return isChanged
    }

    /// Absent members get their default; `null` gets it too where `null` is not allowed, or goes.
    private static func fillStructural(_ object: inout JSONObject, _ schema: Schema) -> Bool {
        var isChanged = false
        for (key, child) in schema.properties {
            guard let rules = child.rules else { continue }
            guard let value = object[key] else {
                guard let constant = rules.defaultValue else { continue }
                object[key] = constant
                isChanged = true
                continue
            }
            guard value.isNull, !rules.isNullable, let constant = rules.defaultValue else { continue }
            object[key] = constant
            isChanged = true
        }
        return isChanged
    }
}
