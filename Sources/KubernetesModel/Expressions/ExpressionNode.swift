/// A node of an expression in the Common Expression Language, of which the rules of custom resources are made
/// (`x-kubernetes-validations`).
struct ExpressionNode: Sendable {
    let kind: Kind
    /// Where it stands in the text, in characters.
    let place: Int

    indirect enum Kind: Sendable {
        case literal(ExpressionValue)
        case name(String)
        /// `a.b`, and `a.?b` where there may be none.
        case member(ExpressionNode, String, isOptional: Bool)
        /// `has(a.b)`.
        case has(ExpressionNode, String)
        /// Functions, methods and operators; these by the names that messages call them: `_+_`, `_[_]`, `@in`.
        case call(String, target: ExpressionNode?, [ExpressionNode])
        case list([ExpressionNode])
        case map([Entry])
        /// A macro that looks at the elements of a list or the keys of a map one by one.
        case loop(Loop, over: ExpressionNode, variables: [String], [ExpressionNode])
        /// `a.optMap(x, f)` and `a.optFlatMap(x, f)`.
        case optionalMap(ExpressionNode, variable: String, ExpressionNode, isFlat: Bool)
    }

    struct Entry: Sendable {
        let key: ExpressionNode
        let value: ExpressionNode
    }

    enum Loop: String, Sendable {
        case all, exists, filter, map
        case existsOne = "exists_one"
        case transformList, transformMap
    }
}
