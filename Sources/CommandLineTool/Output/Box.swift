/// A titled frame of text, as `status` prints them: 84 columns wide, or wider where a line needs it.
struct Box: Sendable, Hashable {
    /// A part of a box.
    indirect enum Entry: Sendable, Hashable {
        case line(String)
        /// Keys and values, the values in one column.
        case pairs([Pair])
        /// A heading with what belongs to it, indented.
        case section(String, [Entry])
    }

    struct Pair: Sendable, Hashable {
        let key: String
        let value: String

        init(_ key: String, _ value: String) {
            self.key = key
            self.value = value
        }
    }

    let title: String
    let entries: [Entry]

    /// Columns of text within the frame.
    private static let width = 80
    private static let indent = 4

    /// - Parameter isColoured: whether the title is coloured.
    func text(isColoured: Bool = false) -> String {
        let title = isColoured ? "\u{1B}[35m\(title)\u{1B}[0m" : title
        let dashes = String(repeating: "─", count: max(0, Self.width - self.title.count - 1))
        var text = "┌─ \(title) \(dashes)┐\n"
        for line in entries.flatMap({ Self.lines($0, indent: 0) }) {
            text += "|  \(line)\(String(repeating: " ", count: max(0, Self.width - line.count)))|\n"
        }
        return text + "└\(String(repeating: "─", count: Self.width + 2))┘\n"
    }

    private static func lines(_ entry: Entry, indent: Int) -> [String] {
        switch entry {
        case .line(let text):
            return wrap(text, indent: indent, hanging: indent)
        case .section(let heading, let entries):
            return wrap(heading, indent: indent, hanging: indent)
                + entries.flatMap { lines($0, indent: indent + self.indent) }
        case .pairs(let pairs):
            let column = (pairs.map(\.key.count).max() ?? 0) + 2
            return pairs.flatMap { pair in
                let key = "\(pair.key):"
                let gap = String(repeating: " ", count: column - key.count)
                return wrap(key + gap + pair.value, indent: indent, hanging: indent + column)
            }
        }
    }

    /// Breaks a line at spaces, so that it fits; a word that is too long stays whole.
    private static func wrap(_ text: String, indent: Int, hanging: Int) -> [String] {
        var rest = Substring(text)
        var lines: [String] = []
        while true {
            let lead = lines.isEmpty ? indent : hanging
            let room = max(20, width - 1 - lead)
            let margin = String(repeating: " ", count: lead)
            guard rest.count > room else { return lines + [margin + rest] }
            let end = rest.index(rest.startIndex, offsetBy: room)
            let space = rest[..<end].lastIndex(of: " ") ?? rest[end...].firstIndex(of: " ")
            // A break within the leading key would leave its value alone.
            guard let space, rest[..<space].contains(where: { $0 != " " }) else { return lines + [margin + rest] }
            lines.append(margin + rest[..<space])
            rest = rest[rest.index(after: space)...].drop { $0 == " " }
        }
    }
}
