import ClusterAPI
import KubernetesModel

/// Prints what happens, one line per finished stage: ` INFO `, ` WARN ` and ` ERRO ` with a sentence.
///
/// On a terminal the lines are coloured, and a spinner shows that a stage is being worked on and for how long.
struct Printer: Sendable {
    /// Where information and warnings go.
    let lines: any TextSink
    let errors: any TextSink

    private enum Colour: String {
        case green = "32"
        case yellow = "33"
        case red = "31"
        case grey = "90"
    }

    /// Something was done.
    func success(_ text: String) { line(lines, "INFO", .green, text) }
    /// Something worth knowing.
    func info(_ text: String) { line(lines, "INFO", .grey, text) }
    func warning(_ text: String) { line(lines, "WARN", .yellow, text) }
    func error(_ text: String) { line(errors, "ERRO", .red, text) }

    private func line(_ sink: any TextSink, _ word: String, _ colour: Colour, _ text: String) {
        let prefix = sink.isTerminal ? "\u{1B}[\(colour.rawValue)m\(word)\u{1B}[0m" : word
        sink.write(" \(prefix)  \(text)\n")
    }

    /// Does one stage of a command: shows that it is going on, and says when it is done.
    ///
    /// - Parameters:
    ///   - doing: what is shown on a terminal meanwhile.
    ///   - done: the line that is printed at its end; `nil` prints none.
    ///   - failure: what could not be done: goes before the message of an error.
    @discardableResult
    func stage<T>(
        _ doing: String, done: String? = nil, failure: String? = nil, _ work: () async throws -> T
    ) async throws -> T {
        let spinner = lines.isTerminal ? Spinner(doing, on: lines) : nil
        do {
            let result = try await work()
            await spinner?.stop()
            if let done { success(done) }
            return result
        } catch {
            await spinner?.stop()
            guard let failure else { throw error }
            switch error {
            case let error as ToolError: throw error.prefixed(failure)
            case let error as TimedOut: throw ToolError("\(failure): \(error)")
            default: throw error
            }
        }
    }
}
