/// Sentences for the peer about a stream, within what its messages may hold.
enum StreamWords {
    /// Cuts a text so that it fits a message's limit however many bytes a character has.
    static func cut(_ text: String, to length: Int = 1024) -> String { String(text.unicodeScalars.prefix(length)) }
}
