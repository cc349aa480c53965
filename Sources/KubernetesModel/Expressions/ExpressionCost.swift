/// Guesses from below how many steps an expression may take over the largest values that its schema allows.
struct ExpressionCost {
    private let own: Schema
    /// What variables of macros stand for, as far as that is known.
    private var scope: [String: Schema] = [:]

    init(self own: Schema) { self.own = own }

    func steps(_ node: ExpressionNode) -> Double {
        switch node.kind {
        case .literal: return 0
        case .name: return 1
        case .member(let operand, _, _), .has(let operand, _): return 1 + steps(operand)
        case .list(let elements): return elements.reduce(1) { $0 + steps($1) }
        case .map(let entries): return entries.reduce(1) { $0 + steps($1.key) + steps($1.value) }
        case .call(_, let target, let arguments):
            return ((target.map { [$0] } ?? []) + arguments).reduce(1) { $0 + steps($1) }
        case .optionalMap(let operand, _, let body, _): return 1 + steps(operand) + steps(body)
        case .loop(_, let range, let variables, let arguments):
            let list = schema(of: range)
            var inner = self
            if let last = variables.last, list?.kind == .array { inner.scope[last] = list?.items }
            let body = arguments.reduce(1) { $0 + inner.steps($1) }
            return steps(range) + DefinitionExpressions.size(list) * body
        }
    }

    /// The schema of what an expression leads to; `nil` where that is not a part of the object.
    private func schema(of node: ExpressionNode) -> Schema? {
        switch node.kind {
        case .name(let name): return name == "self" || name == "oldSelf" ? own : scope[name]
        case .member(let operand, let name, _):
            guard let parent = schema(of: operand) else { return nil }
            return parent.member(ExpressionNames.unescaped(name))
        case .call("_[_]", _, let arguments):
            guard let parent = arguments.first.flatMap({ schema(of: $0) }) else { return nil }
            return parent.items ?? parent.additional
        case .loop(.filter, let range, _, _): return schema(of: range)
        case .literal, .has, .list, .map, .call, .loop, .optionalMap: return nil
        }
    }
}
