/// Finds out what an expression comes to, and what in it cannot be, before there is a value.
struct ExpressionChecker {
    /// What the names mean.
    private var scope: [String: ExpressionType]
    /// Names that were found in use.
    private(set) var used: Set<String> = []

    init(_ scope: [String: ExpressionType]) { self.scope = scope }

    /// - Throws: `ExpressionError` in the compiler's words: undeclared references, undefined fields, operands that do not go
    ///   together.
    mutating func type(of node: ExpressionNode) throws(ExpressionError) -> ExpressionType {
        switch node.kind {
        case .literal(let value): return Self.type(of: value)
        case .name(let name):
            used.insert(name)
            if let type = scope[name] { return type }
            if Self.typeNames.contains(name) { return .type }
            throw ExpressionError("undeclared reference to '\(name)' (in container '')", at: node.place)
        case .member(let operand, let name, let isOptional):
            let member = try member(name, of: try type(of: operand), at: node.place)
            if isOptional, case .optional = member { return member }
            return isOptional ? .optional(member) : member
        case .has(let operand, let name):
            _ = try member(name, of: try type(of: operand), at: node.place)
            return .bool
        case .list(let elements):
            var joined: ExpressionType?
            for element in elements {
                let type = try type(of: element)
                joined = joined?.joined(type) ?? type
            }
            return .list(joined ?? .dynamic)
        case .map(let entries):
            var value: ExpressionType?
            var key: ExpressionType?
            for entry in entries {
                let (keyType, valueType) = (try type(of: entry.key), try type(of: entry.value))
                key = key?.joined(keyType) ?? keyType
                value = value?.joined(valueType) ?? valueType
            }
            return .map(key ?? .dynamic, value ?? .dynamic)
        case .call(let name, let target, let arguments):
            return try call(name, target, arguments, at: node.place)
        case .loop(let loop, let range, let variables, let arguments):
            return try self.loop(loop, try type(of: range), variables, arguments, at: node.place)
        case .optionalMap(let operand, let variable, let body, let isFlat):
            var content: ExpressionType = .dynamic
            if case .optional(let inner) = try type(of: operand) { content = inner }
            let result = try within([variable: content]) { (checker) throws(ExpressionError) in
                try checker.type(of: body)
            }
            return isFlat ? result : .optional(result)
        }
    }

    private static let typeNames: Set<String> = [
        "bool", "int", "uint", "double", "string", "bytes", "list", "map", "type", "null_type", "dyn",
    ]

    private static func type(of value: ExpressionValue) -> ExpressionType {
        switch value {
        case .null: .null
        case .bool: .bool
        case .int: .int
        case .uint: .uint
        case .double: .double
        case .string: .string
        case .bytes: .bytes
        case .list, .array, .map, .object, .type, .timestamp, .duration, .optional, .quantity: .dynamic
        }
    }

    private mutating func within<T>(
        _ names: [String: ExpressionType], _ body: (inout ExpressionChecker) throws(ExpressionError) -> T
    ) throws(ExpressionError) -> T {
        let outer = scope
        scope.merge(names) { $1 }
        defer { scope = outer }
        return try body(&self)
    }

    private func member(_ name: String, of type: ExpressionType, at place: Int) throws(ExpressionError)
        -> ExpressionType
    {
        switch type {
        case .dynamic: return .dynamic
        case .optional(let content):
            let member = try member(name, of: content, at: place)
            if case .optional = member { return member }
            return .optional(member)
        case .map(_, let value): return value
        case .object(let schema):
            let key = ExpressionNames.unescaped(name)
            guard ExpressionNames.isVisible(key, in: schema), let child = schema.properties[key] else {
                throw ExpressionError("undefined field '\(name)'", at: place)
            }
            guard let type = ExpressionType(child) else {
                throw ExpressionError("undefined field '\(name)'", at: place)
            }
            return type
        case .null, .bool, .int, .uint, .double, .string, .bytes, .type, .timestamp, .duration, .quantity, .list:
            throw ExpressionError("type '\(type.name)' does not support field selection", at: place)
        }
    }

    // MARK: - Calls

    private mutating func call(
        _ name: String, _ target: ExpressionNode?, _ arguments: [ExpressionNode], at place: Int
    ) throws(ExpressionError) -> ExpressionType {
        var types: [ExpressionType] = []
        if let target { types.append(try type(of: target)) }
        for argument in arguments { types.append(try type(of: argument)) }
        func mismatch() -> ExpressionError {
            let list = types.dropFirst(target == nil ? 0 : 1).map(\.name).joined(separator: ", ")
            let applied = target == nil ? "(\(list))" : "\(types[0].name).(\(list))"
            return ExpressionError("found no matching overload for '\(name)' applied to '\(applied)'", at: place)
        }
        switch (name, types.count) {
        case ("_&&_", 2), ("_||_", 2):
            guard types.allSatisfy({ $0.fits(.bool) }) else { throw mismatch() }
            return .bool
        case ("_?_:_", 3):
            guard types[0].fits(.bool), types[1].fits(types[2]) else { throw mismatch() }
            return types[1].joined(types[2])
        case ("_==_", 2), ("_!=_", 2):
            guard types[0].fits(types[1]) else { throw mismatch() }
            return .bool
        case ("_[_]", 2), ("_[?_]", 2):
            guard let element = Self.element(of: types[0], by: types[1]) else { throw mismatch() }
            return name == "_[_]" ? element : .optional(element)
        case ("@in", 2):
            if case .list(let element) = types[1], !types[0].fits(element) { throw mismatch() }
            if case .map(let key, _) = types[1], !types[0].fits(key) { throw mismatch() }
        case ("orValue", 2):
            guard case .optional(let content) = types[0] else { break }
            guard types[1].fits(content) else { throw mismatch() }
            return content.joined(types[1])
        case ("value", 1):
            if case .optional(let content) = types[0] { return content }
        case ("optional.of", 1), ("optional.ofNonZeroValue", 1): return .optional(types[0])
        default: break
        }
        guard let known = ExpressionFunction.all[name] else {
            throw ExpressionError("undeclared reference to '\(name)' (in container '')", at: place)
        }
        let fitting = known.filter { function in
            function.isMethod == (target != nil) && function.parameters.count == types.count
                && zip(types, function.parameters).allSatisfy { $0.fits($1) }
        }
        guard let first = fitting.first else { throw mismatch() }
        // Lists keep what they are lists of.
        if name == "_+_", case .list(let left) = types[0], case .list(let right) = types[1] {
            return .list(left.joined(right))
        }
        if ["min", "max", "sum"].contains(name), case .list(let element) = types[0] { return element }
        if ["distinct", "reverse", "sort", "slice"].contains(name) { return types[0] }
        return fitting.dropFirst().reduce(first.result) { $0.joined($1.result) }
    }

    /// What a list or map holds under a key; `nil` where it cannot have such a key.
    private static func element(of container: ExpressionType, by key: ExpressionType) -> ExpressionType? {
        switch container {
        case .dynamic: .dynamic
        case .list(let element): key.fits(.int) ? element : nil
        case .map(let wanted, let value): key.fits(wanted) ? value : nil
        case .optional(let content): element(of: content, by: key)
        case .null, .bool, .int, .uint, .double, .string, .bytes, .type, .timestamp, .duration, .quantity, .object: nil
        }
    }

    // MARK: - Macros

    private mutating func loop(
        _ loop: ExpressionNode.Loop, _ range: ExpressionType, _ variables: [String], _ arguments: [ExpressionNode],
        at place: Int
    ) throws(ExpressionError) -> ExpressionType {
        let (key, value): (ExpressionType, ExpressionType)
        let isList: Bool
        switch range {
        case .dynamic: (key, value, isList) = (.dynamic, .dynamic, true)
        case .list(let element): (key, value, isList) = (.int, element, true)
        case .map(let name, let element): (key, value, isList) = (name, element, false)
        case .null, .bool, .int, .uint, .double, .string, .bytes, .type, .timestamp, .duration, .quantity, .object,
            .optional:
            throw ExpressionError(
                "expression of type '\(range.name)' cannot be range of a comprehension (must be list, map, or dynamic)",
                at: place)
        }
        var names: [String: ExpressionType] = [:]
        if variables.count == 2 {
            names = [variables[0]: key, variables[1]: value]
        } else if let variable = variables.first {
            names = [variable: isList ? value : key]
        }
        let own = names.values.first ?? .dynamic
        return try within(names) { (checker) throws(ExpressionError) in
            var types: [ExpressionType] = []
            for argument in arguments { types.append(try checker.type(of: argument)) }
            let last = types.last ?? .dynamic
            switch loop {
            case .all, .exists, .existsOne, .filter:
                guard last.fits(.bool) else {
                    throw ExpressionError(
                        "found no matching overload for '\(loop.rawValue)' applied to '(\(last.name))'", at: place)
                }
                return loop == .filter ? .list(own) : .bool
            case .map, .transformList: return .list(last)
            case .transformMap: return .map(key, last)
            }
        }
    }
}

/// The names of members as expressions write them.
enum ExpressionNames {
    private static let reserved: Set<String> = [
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import",
        "let", "loop", "package", "namespace", "return", "var", "void", "while",
    ]

    /// Names that are words of the language, or have signs in them, are written with underscores.
    static func unescaped(_ name: String) -> String {
        guard name.contains("__") else { return name }
        if name.hasPrefix("__"), name.hasSuffix("__"), name.count > 4 {
            let inner = String(name.dropFirst(2).dropLast(2))
            if reserved.contains(inner) { return inner }
        }
        var result = ""
        var rest = name[...]
        while let start = rest.firstRange(of: "__") {
            result += rest[..<start.lowerBound]
            rest = rest[start.upperBound...]
            let signs = [("underscores__", "__"), ("dot__", "."), ("dash__", "-"), ("slash__", "/")]
            if let (word, sign) = signs.first(where: { rest.hasPrefix($0.0) }) {
                result += sign
                rest = rest.dropFirst(word.count)
            } else {
                result += "__"
            }
        }
        return result + rest
    }

    private static let metadata = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

    /// Of the metadata, rules see the name alone.
    static func isVisible(_ key: String, in schema: Schema) -> Bool {
        schema.target.definition != metadata || key == "name" || key == "generateName"
    }
}
