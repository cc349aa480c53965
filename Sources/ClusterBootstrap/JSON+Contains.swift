package import JSONTree

extension JSON {
    /// Whether everything in `other` is here too: an API server adds defaults to what it is given.
    ///
    /// Members of objects may be more; elements of arrays may hold more, but are as many.
    package func contains(_ other: JSON) -> Bool {
        switch (self, other) {
        case (.object(let mine), .object(let others)):
            others.allSatisfy { key, value in mine[key]?.contains(value) ?? value.isNull }
        case (.array(let mine), .array(let others)):
            mine.count == others.count && zip(mine, others).allSatisfy { $0.contains($1) }
        default: self == other
        }
    }
}
