import Sessions

/// Keeps tokens out of messages that repeat what was typed.
enum Redaction {
    /// The text with every argument that is, or holds, a peer token replaced.
    ///
    /// - Parameter arguments: what was typed. Anything long in a token's alphabet counts, also when it is cut short.
    static func redact(_ text: String, arguments: [String]) -> String {
        var text = text
        for argument in arguments {
            for word in argument.split(whereSeparator: { $0.isWhitespace || $0 == "=" }) where isSuspicious(word) {
                text = text.split(separator: word, omittingEmptySubsequences: false).joined(separator: "<token>")
            }
        }
        return text
    }

    private static func isSuspicious(_ word: Substring) -> Bool {
        let alphabet = word.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 95
        }
        // A UUID has 36 characters; a secret alone has 43.
        return alphabet && word.utf8.count >= 40
    }
}
