import JSONTree

/// Judges a custom resource by the rules of its schema.
struct CustomResourceExpressions {
    private var problems: FieldProblems
    private var budget = ExpressionEvaluation.objectLimit

    /// - Parameter old: what an update replaces; rules about changes are asked only of values that were there before.
    static func check(_ object: JSON, old: JSON?, _ schema: Schema, _ problems: inout FieldProblems) {
        guard schema.hasExpressions else { return }
        let blocking: Set<String> = [
            "FieldValueNotSupported", "FieldValueRequired", "FieldValueTooLong", "FieldValueTooMany",
            "FieldValueTypeInvalid",
        ]
        guard !problems.causes.contains(where: { blocking.contains($0.reason) }) else {
            return problems.invalid(
                FieldPath("<nil>"), .null,
                "some validation rules were not checked because the object was invalid; correct the existing errors to "
                    + "complete validation")
        }
        var check = CustomResourceExpressions(problems: problems)
        check.visit(object, old, old, schema, FieldPath())
        problems = check.problems
    }

    private init(problems: FieldProblems) { self.problems = problems }

    /// - Parameters:
    ///   - old: the value before, for rules about changes; `nil` where nobody can tell which it was.
    ///   - former: the value before by its place, by which unchanged values are known that need not be right.
    private mutating func visit(_ value: JSON, _ old: JSON?, _ former: JSON?, _ schema: Schema, _ path: FieldPath) {
        guard schema.hasExpressions, !value.isNull, budget >= 0 else { return }
        for rule in schema.rules?.expressions ?? [] where budget >= 0 {
            ask(rule, value, old, isUnchanged: former == value, schema, path)
        }
        for part in schema.rules?.allOf ?? [] {
            for rule in part.rules?.expressions ?? [] where budget >= 0 {
                ask(rule, value, old, isUnchanged: former == value, schema, path)
            }
        }
        switch value {
        case .object(let object):
            for (key, child) in object {
                guard let member = schema.member(key), member.isStructural else { continue }
                let place = schema.properties[key] == nil ? path.key(key) : path.child(key)
                visit(child, schema.isAtomicMap ? nil : old?[key], former?[key], member, place)
            }
        case .array(let elements):
            guard let items = schema.items else { return }
            var isKeyed = false
            if case .map = schema.listType { isKeyed = true }
            let before = FormerElements(old?.array ?? [], schema.listType)
            let places = FormerElements(former?.array ?? [], schema.listType)
            for (place, element) in elements.enumerated() {
                visit(
                    element, isKeyed ? before.element(for: element, at: place) : nil,
                    places.element(for: element, at: place), items, path.index(place))
            }
        case .null, .bool, .number, .string: break
        }
    }

    private mutating func ask(
        _ rule: ExpressionRule, _ value: JSON, _ old: JSON?, isUnchanged: Bool, _ schema: Schema, _ path: FieldPath
    ) {
        if rule.usesOld, old == nil, !rule.isOldOptional { return }
        let shown = JSON.string(schema.rules?.typeText ?? "")
        let (outcome, cost) = rule.ask(value, old: old, schema)
        budget -= cost
        guard budget >= 0 else {
            return problems.invalid(
                path, shown,
                "validation failed due to running out of cost budget, no further validation rules will be run")
        }
        switch outcome {
        case .holds: break
        case .fails(let detail):
            guard rule.usesOld || !isUnchanged else { return }
            let place =
                rule.fieldPath.isEmpty
                ? path : FieldPath(path.text.isEmpty ? String(rule.fieldPath.dropFirst()) : path.text + rule.fieldPath)
            switch rule.reason {
            case "FieldValueForbidden": problems.forbidden(place, detail)
            case "FieldValueRequired": problems.required(place, detail)
            case "FieldValueDuplicate": problems.duplicate(place, shown)
            default: problems.invalid(place, shown, detail)
            }
        case .error(let error) where error.isTooCostly:
            budget = -1
            problems.invalid(
                path, shown,
                "'\(error.message)': no further validation rules will be run due to call cost exceeds limit for rule: "
                    + rule.title)
        case .error(let error) where error.message.hasPrefix("no such overload"):
            problems.invalid(
                path, shown,
                "'\(error.message)': call arguments did not match a supported operator, function or macro signature for "
                    + "rule: \(rule.title)")
        case .error(let error):
            problems.invalid(path, shown, "\(error.message) evaluating rule: \(rule.title)")
        }
    }
}
