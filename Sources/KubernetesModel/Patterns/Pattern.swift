/// A regular expression of a custom resource's schema, in the syntax of Go's `regexp` (RE2): no look-around, no references.
///
/// Made by whoever may define custom resources and run over what others send, so both its size and the time of a match are
/// bounded: a match reads the text once, keeping all the states in which the expression can be, and never goes back.
/// Scripts (`\p{Greek}`) are not known; general categories (`\p{Lu}`) are.
struct Pattern: Sendable {
    /// Why a text is no pattern.
    struct Malformed: Error, Hashable, Sendable {
        /// What is wrong, in a few words.
        let message: String
    }

    /// What a match came to.
    enum Outcome: Sendable, Hashable {
        case matches, differs
        /// It would have taken longer than anybody shall wait.
        case tooCostly
    }

    /// Most instructions of a compiled pattern: repetitions multiply them.
    static let sizeLimit = 10_000
    /// Groups within each other.
    static let depthLimit = 200
    /// Most steps of one match; a fraction of a second.
    static let stepLimit = 10_000_000

    private let root: PatternNode

    /// - Throws: `Malformed` where the text is no expression, is one that is not supported, or a too large one.
    init(_ text: String) throws(Malformed) {
        var parser = PatternParser(text)
        root = try parser.parse()
        guard root.size <= Self.sizeLimit else { throw Malformed(message: "expression is too large") }
    }

    /// Looks for the pattern anywhere in a text.
    func match(_ text: String) -> Outcome {
        var program = PatternProgram(root)
        return program.run(Array(text.unicodeScalars))
    }
}
