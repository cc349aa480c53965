import JSONTree

/// Judges whole objects of built-in kinds as Kubernetes does: metadata, the rules of `FieldRules` wherever a definition
/// occurs, and what several fields have to do with each other (`KindRules`, `DefinitionRules`, `UpdateRules`).
public enum ObjectValidation {
    /// What is wrong with a new object, its defaults filled in.
    ///
    /// - Parameter schema: the object's; custom resources' own rules are judged too.
    public static func creating(_ object: KubernetesObject, as type: ResourceType, schema: Schema) -> FieldProblems {
        whole(object, from: nil, as: type, schema: schema)
    }

    private static func whole(
        _ object: KubernetesObject, from old: KubernetesObject?, as type: ResourceType, schema: Schema
    ) -> FieldProblems {
        var problems = FieldProblems()
        MetadataValidation.check(object, as: type, &problems)
        if schema.isStructural {
            CustomResourceRules.check(object.json, old: old?.json, schema, &problems)
            CustomResourceExpressions.check(object.json, old: old?.json, schema, &problems)
        } else {
            KindRules.byResource[type.groupResource]?(object, &problems)
            visit(object.json, schema, FieldPath(), &problems)
        }
        return problems
    }

    /// What is wrong with an object that takes the place of another.
    ///
    /// - Parameters:
    ///   - isStatus: whether only the status is written, which is judged less.
    public static func updating(
        _ new: KubernetesObject, from old: KubernetesObject, as type: ResourceType, schema: Schema,
        isStatus: Bool = false
    ) -> FieldProblems {
        var problems = FieldProblems()
        if isStatus {
            MetadataValidation.checkUpdate(new, from: old, &problems)
            if schema.isStructural {
                CustomResourceRules.check(new.json, old: old.json, schema, &problems)
                CustomResourceExpressions.check(new.json, old: old.json, schema, &problems)
            }
            return problems
        }
        problems = whole(new, from: old, as: type, schema: schema)
        MetadataValidation.checkUpdate(new, from: old, &problems)
        UpdateRules.byResource[type.groupResource]?(new, old, &problems)
        return problems
    }

    /// The refusal that tells a client all of it; `nil` where nothing is wrong.
    public static func error(_ problems: FieldProblems, type: ResourceType, name: String) -> APIError? {
        guard !problems.isEmpty else { return nil }
        return .invalid(group: type.group, kind: type.kind, name: name, problems.causes)
    }

    private static func visit(
        _ value: JSON, _ schema: Schema, _ path: FieldPath, _ problems: inout FieldProblems
    ) {
        switch value {
        case .object(let object):
            let schema = schema.target
            guard schema.kind == .object else { return }
            for rule in schema.knowledge.fieldRules { rule.check(object, path, &problems) }
            schema.knowledge.rule?(object, path, &problems)
            for (key, child) in object where child.isContainer && key != "metadata" && key != "status" {
                if let member = schema.properties[key] {
                    visit(child, member, path.child(key), &problems)
                } else if let additional = schema.additional, additional.kind == .object {
                    visit(child, additional, path.key(key), &problems)
                }
            }
        case .array(let elements):
            guard let items = schema.items, items.kind == .object else { return }
            for (place, element) in elements.enumerated() { visit(element, items, path.index(place), &problems) }
        case .null, .bool, .number, .string: break
        }
    }
}
