/// Why an expression cannot be read, does not fit a schema, or came to nothing.
struct ExpressionError: Error, Hashable, Sendable {
    /// In the words of Kubernetes' compiler where it has some.
    let message: String
    /// Where in the text, in characters; `nil` for what goes wrong with values.
    var place: Int?
    /// Whether the expression would have taken longer than anybody shall wait.
    var isTooCostly = false

    init(_ message: String, at place: Int? = nil, isTooCostly: Bool = false) {
        self.message = message
        self.place = place
        self.isTooCostly = isTooCostly
    }

    /// As the compiler shows it: the place, the line and a mark below it.
    func report(in text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var column = place ?? 0
        var number = 0
        while number < lines.count - 1, column > lines[number].count {
            column -= lines[number].count + 1
            number += 1
        }
        let line = lines.isEmpty ? "" : String(lines[number])
        let mark = String(repeating: ".", count: max(0, column)) + "^"
        return "ERROR: <input>:\(number + 1):\(column + 1): \(message)\n | \(line)\n | \(mark)"
    }
}
