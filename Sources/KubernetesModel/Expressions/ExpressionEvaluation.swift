/// Works out an expression over values.
struct ExpressionEvaluation {
    /// Steps that one expression may take, and all those of one object together, as Kubernetes has them.
    static let callLimit = 1_000_000
    static let objectLimit = 10_000_000

    private var scope: [String: ExpressionValue]
    /// Steps taken so far.
    private(set) var cost = 0

    init(_ scope: [String: ExpressionValue]) { self.scope = scope }

    /// - Throws: `ExpressionError`, in the words of Kubernetes where it has some: `no such key: x`.
    mutating func value(of node: ExpressionNode) throws(ExpressionError) -> ExpressionValue {
        try spend(1)
        switch node.kind {
        case .literal(let value): return value
        case .name(let name):
            if let value = scope[name] { return value }
            return .type(name)
        case .member(let operand, let name, let isOptional):
            return try member(name, of: try value(of: operand), isOptional: isOptional)
        case .has(let operand, let name):
            var container = try value(of: operand)
            if case .optional(let content) = container {
                guard let content else { return .bool(false) }
                container = content
            }
            return .bool(Self.find(name, in: container) != nil)
        case .list(let elements):
            var values: [ExpressionValue] = []
            for element in elements { values.append(try value(of: element)) }
            return .list(values)
        case .map(let entries):
            var map: [ExpressionValue: ExpressionValue] = [:]
            for entry in entries { map[try value(of: entry.key)] = try value(of: entry.value) }
            return .map(map)
        case .call(let name, let target, let arguments): return try call(name, target, arguments)
        case .loop(let loop, let range, let variables, let arguments):
            return try self.loop(loop, try value(of: range), variables, arguments)
        case .optionalMap(let operand, let variable, let body, let isFlat):
            guard case .optional(let content?) = try value(of: operand) else { return .optional(nil) }
            let result = try within([variable: content], body)
            return isFlat ? result : .optional(result)
        }
    }

    private mutating func spend(_ steps: Int) throws(ExpressionError) {
        cost += steps
        guard cost <= Self.callLimit else {
            throw ExpressionError("operation cancelled: actual cost limit exceeded", isTooCostly: true)
        }
    }

    private mutating func within(
        _ names: [String: ExpressionValue], _ body: ExpressionNode
    ) throws(ExpressionError) -> ExpressionValue {
        let hidden = names.keys.map { ($0, scope[$0]) }
        for (name, value) in names { scope[name] = value }
        defer { for (name, value) in hidden { scope[name] = value } }
        return try value(of: body)
    }

    // MARK: - Members

    private static func find(_ name: String, in container: ExpressionValue) -> ExpressionValue? {
        guard case .object(_, let schema?) = container, !schema.properties.isEmpty else {
            return ExpressionOperators.member(container, .string(name))
        }
        return ExpressionOperators.member(container, .string(ExpressionNames.unescaped(name)))
    }

    private func member(
        _ name: String, of container: ExpressionValue, isOptional: Bool
    ) throws(ExpressionError) -> ExpressionValue {
        if case .optional(let content) = container { return .optional(content.flatMap { Self.find(name, in: $0) }) }
        let found = Self.find(name, in: container)
        if isOptional { return .optional(found) }
        guard let found else {
            guard container.entries != nil else { throw ExpressionFunction.noOverload }
            throw ExpressionError("no such key: \(name)")
        }
        return found
    }

    // MARK: - Calls

    private mutating func call(
        _ name: String, _ target: ExpressionNode?, _ arguments: [ExpressionNode]
    ) throws(ExpressionError) -> ExpressionValue {
        switch name {
        case "_&&_": return try either(arguments[0], arguments[1], decides: false)
        case "_||_": return try either(arguments[0], arguments[1], decides: true)
        case "_?_:_":
            guard let condition = try value(of: arguments[0]).bool else { throw ExpressionFunction.noOverload }
            return try value(of: arguments[condition ? 1 : 2])
        default: break
        }
        var values: [ExpressionValue] = []
        if let target { values.append(try value(of: target)) }
        for argument in arguments { values.append(try value(of: argument)) }
        try spend(values.reduce(0) { $0 + Self.weight($1) })
        switch name {
        case "_==_": return .bool(values[0] == values[1])
        case "_!=_": return .bool(values[0] != values[1])
        default: break
        }
        let function = ExpressionFunction.all[name]?.first { $0.isMethod == (target != nil) && $0.takes(values) }
        guard let function else { throw ExpressionFunction.noOverload }
        return try function.call(values)
    }

    /// What looking at all of a value costs.
    private static func weight(_ value: ExpressionValue) -> Int {
        switch value {
        case .string(let text): text.utf8.count / 10
        case .bytes(let bytes): bytes.count / 10
        case .list(let list): list.count
        case .array(let list, _): list.count
        case .null, .bool, .int, .uint, .double, .map, .object, .type, .timestamp, .duration, .optional, .quantity: 0
        }
    }

    /// `&&` and `||`: whichever side decides does, whatever the other comes to.
    private mutating func either(
        _ left: ExpressionNode, _ right: ExpressionNode, decides: Bool
    ) throws(ExpressionError) -> ExpressionValue {
        var failure: ExpressionError?
        for side in [left, right] {
            do throws(ExpressionError) {
                guard let value = try value(of: side).bool else { throw ExpressionFunction.noOverload }
                if value == decides { return .bool(decides) }
            } catch {
                if error.isTooCostly { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return .bool(!decides)
    }

    // MARK: - Macros

    private mutating func loop(
        _ loop: ExpressionNode.Loop, _ range: ExpressionValue, _ variables: [String], _ arguments: [ExpressionNode]
    ) throws(ExpressionError) -> ExpressionValue {
        let pairs: [(key: ExpressionValue, value: ExpressionValue)]
        let isList: Bool
        if let elements = range.elements {
            pairs = elements.enumerated().map { (.int(Int64($0.offset)), $0.element) }
            isList = true
        } else if let entries = range.entries {
            pairs = entries
            isList = false
        } else {
            throw ExpressionFunction.noOverload
        }
        var count = 0
        var list: [ExpressionValue] = []
        var map: [ExpressionValue: ExpressionValue] = [:]
        var failure: ExpressionError?
        for pair in pairs {
            try spend(1)
            let own = isList ? pair.value : pair.key
            let names =
                variables.count == 2 ? [variables[0]: pair.key, variables[1]: pair.value] : [variables[0]: own]
            do throws(ExpressionError) {
                if arguments.count == 2, try within(names, arguments[0]).bool != true { continue }
                guard let body = arguments.last else { continue }
                let result = try within(names, body)
                switch loop {
                case .map, .transformList: list.append(result)
                case .transformMap: map[pair.key] = result
                case .all, .exists, .existsOne, .filter:
                    guard let holds = result.bool else { throw ExpressionFunction.noOverload }
                    if loop == .all, !holds { return .bool(false) }
                    if loop == .exists, holds { return .bool(true) }
                    if holds {
                        count += 1
                        list.append(own)
                    }
                }
            } catch {
                // One element may decide though another cannot be judged.
                guard loop == .all || loop == .exists, !error.isTooCostly else { throw error }
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return switch loop {
        case .all: .bool(true)
        case .exists: .bool(false)
        case .existsOne: .bool(count == 1)
        case .filter, .map, .transformList: .list(list)
        case .transformMap: .map(map)
        }
    }
}
