public import JSONTree

/// The part of `kubectl`'s JSONPath that custom resources' columns use: members, indexes, `[*]`, and filters such as
/// `[?(@.type == 'Ready')]`.
public struct JSONPath: Sendable, Hashable {
    enum Step: Sendable, Hashable {
        case member(String)
        /// Negative counts from the end.
        case index(Int)
        case all
        /// Elements of which a member, reached through these names, compares so with a value.
        case filter([String], isEqual: Bool, JSON)
        /// Elements that have a member, reached through these names.
        case having([String])
    }

    let steps: [Step]

    /// - Throws: `JSONError` saying where the path cannot be understood.
    public init(_ text: String) throws(JSONError) {
        var parser = JSONPathParser(rest: Substring(text))
        steps = try parser.steps()
    }

    /// The values the path leads to, in their order.
    public func values(in root: JSON) -> [JSON] {
        steps.reduce([root]) { values, step in values.flatMap { Self.take(step, $0) } }
    }

    private static func take(_ step: Step, _ value: JSON) -> [JSON] {
        switch step {
        case .member(let key): return value[key].map { [$0] } ?? []
        case .index(let index):
            guard let elements = value.array else { return [] }
            let place = index < 0 ? elements.count + index : index
            return elements.indices.contains(place) ? [elements[place]] : []
        case .all: return value.array ?? value.object?.values ?? []
        case .filter(let path, let isEqual, let wanted):
            return (value.array ?? []).filter { $0[path].map { ($0 == wanted) == isEqual } ?? false }
        case .having(let path): return (value.array ?? []).filter { $0[path] != nil }
        }
    }
}
