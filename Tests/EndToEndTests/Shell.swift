import Foundation

/// What a command left behind.
struct ShellResult: Sendable {
    /// 128 and the signal where one ended it.
    let status: Int
    let output: String
    let errors: String

    /// Both outputs, for messages.
    var text: String { output + errors }
}

/// Runs commands of bash in the project's folder, without a terminal.
enum Shell {
    /// The project's folder.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Runs a command with these variables besides the inherited ones. What it prints goes to files, so that a process which
    /// it leaves behind cannot hold anything up.
    static func run(_ command: String, _ variables: [String: String] = [:]) async throws -> ShellResult {
        let folder = FileManager.default.temporaryDirectory.appending(path: "causeway-shell-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let process = Process()
        process.executableURL = URL(filePath: "/bin/bash")
        process.arguments = ["-c", command]
        process.currentDirectoryURL = URL(filePath: root)
        process.environment = ProcessInfo.processInfo.environment.merging(variables) { _, new in new }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try file(folder.appending(path: "output"))
        process.standardError = try file(folder.appending(path: "errors"))
        let status = try await withCheckedThrowingContinuation { (done: CheckedContinuation<Int, any Error>) in
            process.terminationHandler = { ended in
                let code = Int(ended.terminationStatus)
                done.resume(returning: ended.terminationReason == .exit ? code : 128 + code)
            }
            do { try process.run() } catch { done.resume(throwing: error) }
        }
        return ShellResult(
            status: status, output: try text(folder.appending(path: "output")),
            errors: try text(folder.appending(path: "errors")))
    }

    private static func file(_ url: URL) throws -> FileHandle {
        try Data().write(to: url)
        return try FileHandle(forWritingTo: url)
    }

    private static func text(_ url: URL) throws -> String { String(decoding: try Data(contentsOf: url), as: UTF8.self) }
}
