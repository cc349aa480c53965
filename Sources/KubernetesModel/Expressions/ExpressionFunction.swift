/// A function or method that expressions may call.
struct ExpressionFunction: Sendable {
    let name: String
    /// Whether it is called on its first argument: `a.f(b)`.
    let isMethod: Bool
    let parameters: [ExpressionType]
    let result: ExpressionType
    let call: @Sendable ([ExpressionValue]) throws(ExpressionError) -> ExpressionValue

    /// Words before a dot that belong to a function's name.
    static let spaces: Set<String> = ["optional", "sets"]

    static func function(
        _ name: String, _ parameters: [ExpressionType], _ result: ExpressionType,
        _ call: @escaping @Sendable ([ExpressionValue]) throws(ExpressionError) -> ExpressionValue
    ) -> ExpressionFunction {
        ExpressionFunction(name: name, isMethod: false, parameters: parameters, result: result, call: call)
    }

    static func method(
        _ name: String, _ parameters: [ExpressionType], _ result: ExpressionType,
        _ call: @escaping @Sendable ([ExpressionValue]) throws(ExpressionError) -> ExpressionValue
    ) -> ExpressionFunction {
        ExpressionFunction(name: name, isMethod: true, parameters: parameters, result: result, call: call)
    }

    /// All of them by name.
    static let all = Dictionary(
        grouping: ExpressionOperators.all + ExpressionConversions.all + ExpressionTexts.all + ExpressionLists.all,
        by: \.name)

    /// Whether these values can be its arguments.
    func takes(_ values: [ExpressionValue]) -> Bool {
        values.count == parameters.count
            && zip(values, parameters).allSatisfy { value, type in
                type.runtimeName.map { $0 == value.typeName } ?? true
            }
    }

    static let overflow = ExpressionError("integer overflow")
    static let noOverload = ExpressionError("no such overload")
}
