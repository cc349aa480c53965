/// Lets the options that every command takes stand before the command's name as well.
enum GlobalArguments {
    private static let withValue: Set<String> = ["--kubeconfig", "--context"]
    private static let flags: Set<String> = ["--skip-confirm", "--verbose", "-v"]

    /// The arguments with leading global options moved behind the rest, where the parser of the command finds them.
    static func reordered(_ arguments: [String]) -> [String] {
        var rest = arguments[...]
        var moved: [String] = []
        while let word = rest.first {
            if flags.contains(word) || withValue.contains(where: { word.hasPrefix("\($0)=") }) {
                moved.append(rest.removeFirst())
            } else if withValue.contains(word), rest.count > 1 {
                moved += rest.prefix(2)
                rest = rest.dropFirst(2)
            } else {
                break
            }
        }
        guard !moved.isEmpty, !rest.isEmpty else { return arguments }
        // What follows `--` is no option any more.
        let end = rest.firstIndex(of: "--") ?? rest.endIndex
        return Array(rest[..<end]) + moved + Array(rest[end...])
    }
}
