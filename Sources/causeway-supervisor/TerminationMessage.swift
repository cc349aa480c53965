import Glibc
import PodHost
import PodRecords

/// What a container leaves to be read after its end.
struct TerminationMessage {
    let folder: PodFolder
    let container: String
    let run: Int

    /// Makes the file empty, before a run.
    func prepare() {
        let path = folder.terminationMessage(container: container)
        try? PodFiles.makeFolders(String(path.dropLast(container.utf8.count + 1)))
        // In place: the file may be mounted.
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        if file >= 0 { close(file) }
        chmod(path, 0o666)
    }

    func text(_ plan: TerminationMessagePlan, after exit: ProcessExit) -> String {
        let words = Self.end(
            of: folder.terminationMessage(container: container), TerminationMessagePlan.longest, first: true)
        guard words.isEmpty, plan.fallsBackToLog, exit != .code(0) else {
            return String(decoding: words, as: UTF8.self)
        }
        // A line of the log is longer than what it says.
        let log = Self.end(
            of: folder.logFile(container: container, run: run), TerminationMessagePlan.longestOfLog * 4, first: false)
        let lines = log.split(separator: UInt8(ascii: "\n")).compactMap { LogLine(parsing: $0) }
        var text: [UInt8] = []
        for line in lines.suffix(TerminationMessagePlan.mostLinesOfLog) {
            text += line.text
            if !line.isPartial { text.append(UInt8(ascii: "\n")) }
        }
        return String(decoding: text.suffix(TerminationMessagePlan.longestOfLog), as: UTF8.self)
    }

    /// The first or the last bytes of a file.
    private static func end(of path: String, _ length: Int, first: Bool) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        if !first {
            let size = lseek(file, 0, SEEK_END)
            lseek(file, max(0, size - length), SEEK_SET)
        }
        var buffer = [UInt8](repeating: 0, count: length)
        let count = read(file, &buffer, length)
        return Array(buffer.prefix(max(0, count)))
    }
}
