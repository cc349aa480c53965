import ClusterAPI

/// Why a command did not do what was asked: sentences for a person, each printed as a line of its own.
///
/// Never holds a token.
struct ToolError: Error, Sendable, Hashable, CustomStringConvertible {
    let messages: [String]

    init(_ message: String) { messages = [message] }

    /// - Parameter messages: at least one.
    init(_ messages: [String]) { self.messages = messages }

    var description: String { messages.joined(separator: "\n") }

    /// The same with words before the first message, which say what could not be done.
    func prefixed(_ words: String) -> ToolError {
        guard let first = messages.first else { return ToolError(words) }
        return ToolError(["\(words): \(first)"] + messages.dropFirst())
    }
}

extension ClusterUnreachable {
    /// The message as a part of a longer sentence.
    var clause: String { message.hasSuffix(".") ? String(message.dropLast()) : message }
}
