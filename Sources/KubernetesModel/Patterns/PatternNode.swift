/// A part of a parsed pattern.
indirect enum PatternNode: Sendable {
    case empty
    case characters(CharacterSet)
    case assertion(Assertion)
    case sequence([PatternNode])
    case choice([PatternNode])
    /// At least `least` times, at most `most`; `nil` for any number.
    case repetition(PatternNode, least: Int, most: Int?)

    /// What must hold between two characters.
    enum Assertion: Sendable {
        case textStart, textEnd, lineStart, lineEnd, wordBoundary, noWordBoundary
    }

    /// Which characters are meant.
    struct CharacterSet: Sendable {
        /// A part of a set; the set is the union of all.
        enum Part: Sendable {
            case range(ClosedRange<UInt32>)
            case category(String, isNegated: Bool)
        }

        var parts: [Part]
        var isNegated = false
        var ignoresCase = false

        func contains(_ scalar: Unicode.Scalar) -> Bool {
            var isIn = has(scalar)
            if !isIn, ignoresCase {
                isIn = Self.otherCases(scalar).contains { has($0) }
            }
            return isIn != isNegated
        }

        private func has(_ scalar: Unicode.Scalar) -> Bool {
            parts.contains { part in
                switch part {
                case .range(let range): range.contains(scalar.value)
                case .category(let name, let isNegated): PatternCategory.matches(scalar, name) != isNegated
                }
            }
        }

        private static func otherCases(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
            let texts = [scalar.properties.lowercaseMapping, scalar.properties.uppercaseMapping]
            return texts.compactMap { $0.unicodeScalars.count == 1 ? $0.unicodeScalars.first : nil }
        }
    }

    /// How many instructions it takes; stops counting where nobody would run it.
    var size: Int {
        switch self {
        case .empty: 0
        case .characters(let set): 1 + set.parts.count / 8
        case .assertion: 1
        case .sequence(let parts): Self.sum(parts.map(\.size))
        case .choice(let parts): Self.sum(parts.map { $0.size + 2 })
        case .repetition(let part, let least, let most):
            min(Pattern.sizeLimit + 1, (part.size + 2) * max(least + 1, most ?? 0))
        }
    }

    private static func sum(_ sizes: [Int]) -> Int {
        min(Pattern.sizeLimit + 1, sizes.reduce(0, +))
    }
}
