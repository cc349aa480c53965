import JSONTree

/// Judges the rules that a custom resource definition brings (`x-kubernetes-validations`): whether they can be read, fit the
/// schema they stand in, and cost no more than anybody shall wait.
enum DefinitionExpressions {
    /// Steps that a rule may be expected to take.
    private static let limit = 10_000_000.0
    /// A schema that sets no bounds is told only where its rule is beyond all of them: what is expected here is a rough guess.
    private static let tolerance = 100.0
    /// Bytes of a request, by which lists without a bound are bounded.
    private static let requestBytes = 3_145_728.0

    static func check(_ schema: JSON, _ path: FieldPath, _ problems: inout FieldProblems) {
        visit(schema, path, times: 1, isRoot: true, &problems)
    }

    /// - Parameter times: how often the node may occur in an object.
    private static func visit(
        _ node: JSON, _ path: FieldPath, times: Double, isRoot: Bool, _ problems: inout FieldProblems
    ) {
        let rules = node["x-kubernetes-validations"]?.array ?? []
        if !rules.isEmpty {
            let schema = Schema(structural: node, isRoot: isRoot)
            for (place, rule) in rules.enumerated() {
                judge(
                    rule, schema, path.child("x-kubernetes-validations").index(place), times: times, &problems)
            }
        }
        for (key, child) in node["properties"]?.object ?? JSONObject() {
            visit(child, path.child("properties").key(key), times: times, isRoot: false, &problems)
        }
        if let items = node["items"], items.object != nil {
            visit(items, path.child("items"), times: times * size(Schema(structural: node)), isRoot: false, &problems)
        }
        if let values = node["additionalProperties"], values.object != nil {
            visit(
                values, path.child("additionalProperties"), times: times * size(Schema(structural: node)),
                isRoot: false,
                &problems)
        }
        for (place, part) in (node["allOf"]?.array ?? []).enumerated() {
            for (number, rule) in (part["x-kubernetes-validations"]?.array ?? []).enumerated() {
                judge(
                    rule, Schema(structural: node, isRoot: isRoot),
                    path.child("allOf").index(place).child("x-kubernetes-validations").index(number), times: times,
                    &problems)
            }
        }
    }

    private static func judge(
        _ rule: JSON, _ schema: Schema, _ path: FieldPath, times: Double, _ problems: inout FieldProblems
    ) {
        let text = rule["rule"]?.string ?? ""
        let shown = describe(rule)
        guard !text.allSatisfy(\.isWhitespace) else {
            return problems.required(path.child("rule"), "rule is not specified")
        }
        if let message = rule["message"]?.string {
            if !message.isEmpty, message.allSatisfy(\.isWhitespace) {
                problems.invalid(path.child("message"), message, "message must be non-empty if specified")
            } else if message.contains("\n") {
                problems.invalid(path.child("message"), message, "message must not contain line breaks")
            }
        } else if text.contains("\n"), rule["messageExpression"] == nil {
            problems.required(path.child("message"), "message must be specified if rule contains line breaks")
        }
        let reasons: [JSON] = ["FieldValueRequired", "FieldValueForbidden", "FieldValueInvalid", "FieldValueDuplicate"]
        if let reason = rule["reason"], !reasons.contains(reason) {
            problems.unsupported(path.child("reason"), reason, reasons.sorted { $0.text() < $1.text() })
        }
        guard let own = ExpressionType(schema) else {
            return problems.invalid(
                path.child("rule"), shown, "compilation failed: the rule's value has no type that rules can see")
        }
        let old: ExpressionType = rule["optionalOldSelf"] == true ? .optional(own) : own
        do throws(ExpressionError) {
            let node = try ExpressionParser.parse(text)
            var checker = ExpressionChecker(["self": own, "oldSelf": old])
            let type = try checker.type(of: node)
            guard type.fits(.bool) else {
                return problems.invalid(path.child("rule"), shown, "must evaluate to a bool")
            }
            let cost = times * ExpressionCost(self: schema).steps(node)
            if cost > limit * tolerance {
                problems.forbidden(
                    path.child("rule"),
                    "estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule, or adding "
                        + "maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)")
            }
        } catch {
            problems.invalid(path.child("rule"), shown, "compilation failed: \(error.report(in: text))")
        }
        guard let expression = rule["messageExpression"]?.string else { return }
        do throws(ExpressionError) {
            var checker = ExpressionChecker(["self": own, "oldSelf": old])
            guard try checker.type(of: try ExpressionParser.parse(expression)).fits(.string) else {
                return problems.invalid(
                    path.child("messageExpression"), shown, "messageExpression must evaluate to a string")
            }
        } catch {
            problems.invalid(
                path.child("messageExpression"), shown,
                "messageExpression compilation failed: \(error.report(in: expression))")
        }
    }

    /// A rule with all its fields, as Kubernetes shows it.
    private static func describe(_ rule: JSON) -> JSON {
        [
            "Rule": rule["rule"] ?? "", "Message": rule["message"] ?? "",
            "MessageExpression": rule["messageExpression"] ?? "", "Reason": rule["reason"] ?? .null,
            "FieldPath": rule["fieldPath"] ?? "", "OptionalOldSelf": rule["optionalOldSelf"] ?? .null,
        ]
    }

    /// Most elements of a list or a map: as its schema says, or as many as a request has room for.
    static func size(_ schema: Schema?) -> Double {
        guard let schema, let rules = schema.rules else { return 1 }
        if let most = rules.maxItems ?? rules.maxProperties { return Double(most) }
        // The shortest element and its comma; a map's has a key besides.
        return requestBytes / (schema.kind == .array ? 3 : 6)
    }
}
