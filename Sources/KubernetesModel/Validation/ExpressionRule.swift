import JSONTree

/// A rule of a custom resource's schema (`x-kubernetes-validations`), ready to be asked.
struct ExpressionRule: Sendable {
    let rule: String
    let message: String
    let reason: String
    /// Below the value that has the rule; empty for the value itself.
    let fieldPath: String
    let usesOld: Bool
    /// Whether it is asked of new values too, whose old one is an optional without a value.
    let isOldOptional: Bool
    private let node: ExpressionNode
    private let messageNode: ExpressionNode?

    /// - Returns: `nil` where the rule cannot be read: definitions that have such are refused beforehand.
    init?(_ json: JSON) {
        rule = json["rule"]?.string ?? ""
        guard let node = try? ExpressionParser.parse(rule) else { return nil }
        self.node = node
        message = Self.trimmed(json["message"]?.string ?? "")
        reason = json["reason"]?.string ?? ""
        fieldPath = json["fieldPath"]?.string ?? ""
        isOldOptional = json["optionalOldSelf"] == true
        usesOld = Self.mentions("oldSelf", node)
        messageNode = json["messageExpression"]?.string.flatMap { try? ExpressionParser.parse($0) }
    }

    /// What the rule is called where something goes wrong with it.
    var title: String { message.isEmpty ? Self.trimmed(rule) : message }

    /// What came of asking.
    enum Outcome {
        case holds
        /// Why it does not, in words for the user.
        case fails(String)
        case error(ExpressionError)
    }

    /// Asks the rule.
    ///
    /// - Returns: what it came to and how many steps that took.
    func ask(_ value: JSON, old: JSON?, _ schema: Schema) -> (Outcome, cost: Int) {
        var scope = ["self": ExpressionValue(value, schema)]
        let oldValue = old.map { ExpressionValue($0, schema) }
        scope["oldSelf"] = isOldOptional ? .optional(oldValue) : oldValue
        var evaluation = ExpressionEvaluation(scope)
        do throws(ExpressionError) {
            guard let holds = try evaluation.value(of: node).bool else { throw ExpressionFunction.noOverload }
            if holds { return (.holds, evaluation.cost) }
        } catch {
            return (.error(error), evaluation.cost)
        }
        let usual = message.isEmpty ? "failed rule: \(title)" : message
        guard let messageNode else { return (.fails(usual), evaluation.cost) }
        var other = ExpressionEvaluation(scope)
        let text = (try? other.value(of: messageNode))?.string.map(Self.trimmed) ?? ""
        let isFit = !text.isEmpty && !text.contains("\n") && text.utf8.count <= 5 * 1024
        return (.fails(isFit ? text : usual), evaluation.cost + other.cost)
    }

    private static func trimmed(_ text: String) -> String {
        var rest = text[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }

    private static func mentions(_ name: String, _ node: ExpressionNode) -> Bool {
        func any(_ nodes: [ExpressionNode]) -> Bool { nodes.contains { mentions(name, $0) } }
        return switch node.kind {
        case .literal: false
        case .name(let other): other == name
        case .member(let operand, _, _), .has(let operand, _): mentions(name, operand)
        case .call(_, let target, let arguments): any((target.map { [$0] } ?? []) + arguments)
        case .list(let elements): any(elements)
        case .map(let entries): any(entries.flatMap { [$0.key, $0.value] })
        case .loop(_, let range, _, let arguments): any([range] + arguments)
        case .optionalMap(let operand, _, let body, _): any([operand, body])
        }
    }
}
