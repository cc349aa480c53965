import JSONTree

/// Judges a custom resource by its structural schema, in the words of Kubernetes' OpenAPI validation.
enum CustomResourceRules {
    /// - Parameter old: what an update replaces. Values that it leaves as they are are not judged again: they were right by
    ///   the schema of their time (`CRDValidationRatcheting`).
    static func check(_ object: JSON, old: JSON? = nil, _ schema: Schema, _ problems: inout FieldProblems) {
        visit(object, old, schema, FieldPath(), &problems)
    }

    private static func visit(
        _ value: JSON, _ old: JSON?, _ schema: Schema, _ path: FieldPath, _ problems: inout FieldProblems
    ) {
        guard let rules = schema.rules, value != old else { return }
        if value.isNull {
            if !rules.isNullable, !rules.typeText.isEmpty { problems.wrongType(path, "null", rules.typeText) }
            return
        }
        guard hasType(value, schema, rules) else {
            problems.wrongType(
                path, typeName(value), schema.kind == .intOrString ? "integer,string" : rules.typeText)
            return
        }
        switch value {
        case .object(let object): members(object, old?.object, schema, rules, path, &problems)
        case .array(let elements): list(elements, old?.array, schema, rules, path, &problems)
        case .string(let text):
            string(text, rules, path, &problems)
            if schema.kind == .string || schema.kind == .any, !StringFormat.holds(schema.format, of: text) {
                problems.invalid(
                    path, text, body(path, "must be of type \(schema.format): \(JSON.string(text).text())"))
            }
        case .number(let number): numeric(number, rules, path, &problems)
        case .null, .bool: break
        }
        if !rules.allowed.isEmpty, !rules.allowed.contains(value) {
            problems.unsupported(path, value, rules.allowed)
        }
        combinations(value, rules, path, &problems)
    }

    private static func hasType(_ value: JSON, _ schema: Schema, _ rules: SchemaRules) -> Bool {
        switch (schema.kind, value) {
        case (.any, _), (.object, .object), (.array, .array), (.string, .string), (.boolean, .bool), (.number, .number):
            true
        case (.integer, .number(let number)): number.int != nil
        case (.intOrString, .string): true
        case (.intOrString, .number(let number)): number.int != nil
        case (_, _): false
        }
    }

    private static func typeName(_ value: JSON) -> String {
        if let number = value.number { return number.int != nil ? "integer" : "number" }
        return value.kindName
    }

    private static func body(_ path: FieldPath, _ rule: String) -> String { "\(path.text) in body \(rule)" }

    // MARK: - By type

    private static func members(
        _ object: JSONObject, _ old: JSONObject?, _ schema: Schema, _ rules: SchemaRules, _ path: FieldPath,
        _ problems: inout FieldProblems
    ) {
        for key in schema.required where object[key] == nil { problems.required(path.child(key)) }
        if let least = rules.minProperties, object.count < least {
            problems.invalid(path, JSON(object.count), body(path, "should have at least \(least) properties"))
        }
        if let most = rules.maxProperties, object.count > most { problems.tooMany(path, object.count, most) }
        for (key, value) in object {
            guard let child = schema.member(key) else { continue }
            visit(value, old?[key], child, path.child(key), &problems)
        }
    }

    private static func list(
        _ elements: [JSON], _ old: [JSON]?, _ schema: Schema, _ rules: SchemaRules, _ path: FieldPath,
        _ problems: inout FieldProblems
    ) {
        if let least = rules.minItems, elements.count < least {
            problems.invalid(path, JSON(elements.count), body(path, "should have at least \(least) items"))
        }
        if let most = rules.maxItems, elements.count > most { problems.tooMany(path, elements.count, most) }
        if let items = schema.items {
            let former = FormerElements(old ?? [], schema.listType)
            for (place, element) in elements.enumerated() {
                visit(element, former.element(for: element, at: place), items, path.index(place), &problems)
            }
        }
        var seen: Set<JSON> = []
        for (place, element) in elements.enumerated() {
            switch schema.listType {
            case .atomic:
                guard rules.uniqueItems else { return }
                if !seen.insert(element).inserted { problems.duplicate(path.index(place), element) }
            case .set:
                if !seen.insert(element).inserted { problems.duplicate(path.index(place), element) }
            case .map(let keys):
                var key = JSONObject()
                for name in keys { key[name] = element[name] ?? schema.items?.properties[name]?.rules?.defaultValue }
                if !seen.insert(.object(key)).inserted { problems.duplicate(path.index(place), .object(key)) }
            }
        }
    }

    private static func string(
        _ text: String, _ rules: SchemaRules, _ path: FieldPath, _ problems: inout FieldProblems
    ) {
        let length = text.unicodeScalars.count
        if let least = rules.minLength, length < least {
            problems.invalid(path, text, body(path, "should be at least \(least) chars long"))
        }
        if let most = rules.maxLength, length > most { problems.tooLong(path, most) }
        guard let pattern = rules.pattern, let expression = try? Pattern(pattern) else { return }
        switch expression.match(text) {
        case .matches: break
        case .differs: problems.invalid(path, text, body(path, "should match '\(pattern)'"))
        case .tooCostly:
            problems.invalid(path, text, body(path, "is too long to be compared with '\(pattern)'"))
        }
    }

    private static func numeric(
        _ number: JSONNumber, _ rules: SchemaRules, _ path: FieldPath, _ problems: inout FieldProblems
    ) {
        let value = number.double
        if let least = rules.minimum, value < least.double || (rules.minimumIsExclusive && value == least.double) {
            let words = rules.minimumIsExclusive ? "greater than" : "greater than or equal to"
            problems.invalid(path, .number(number), body(path, "should be \(words) \(least.text)"))
        }
        if let most = rules.maximum, value > most.double || (rules.maximumIsExclusive && value == most.double) {
            let words = rules.maximumIsExclusive ? "less than" : "less than or equal to"
            problems.invalid(path, .number(number), body(path, "should be \(words) \(most.text)"))
        }
        if let factor = rules.multipleOf, factor.double != 0, value.truncatingRemainder(dividingBy: factor.double) != 0
        {
            problems.invalid(path, .number(number), body(path, "should be a multiple of \(factor.text)"))
        }
    }

    // MARK: - Combinations

    private static func combinations(
        _ value: JSON, _ rules: SchemaRules, _ path: FieldPath, _ problems: inout FieldProblems
    ) {
        func holds(_ schema: Schema) -> Bool {
            var found = FieldProblems()
            visit(value, nil, schema, path, &found)
            return found.isEmpty
        }
        for schema in rules.allOf { visit(value, nil, schema, path, &problems) }
        let shown: JSON = value.object == nil && value.array == nil ? value : .string(typeName(value))
        if !rules.anyOf.isEmpty, !rules.anyOf.contains(where: holds) {
            problems.invalid(path, shown, "\"\(path.text)\" must validate at least one schema (anyOf)")
        }
        if !rules.oneOf.isEmpty {
            let count = rules.oneOf.filter(holds).count
            if count != 1 {
                let found = count == 0 ? "none valid" : "\(count) valid alternatives"
                problems.invalid(
                    path, shown, "\"\(path.text)\" must validate one and only one schema (oneOf). Found \(found)")
            }
        }
        if let not = rules.not, holds(not) {
            problems.invalid(path, shown, "\"\(path.text)\" must not validate the schema (not)")
        }
    }
}
