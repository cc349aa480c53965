import Foundation
import TestKit
import Testing

/// How much memory a process of the machine takes while something happens.
struct MemoryWatch: Sendable {
    /// The process.
    let id: Int

    /// What it holds of the machine's memory now, in bytes.
    func residentBytes() throws -> Int {
        let words = try String(contentsOfFile: "/proc/\(id)/statm", encoding: .utf8).split(separator: " ")
        let pages = try #require(words.count > 1 ? Int(words[1]) : nil)
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Runs `body`, and gives how many more bytes the process held at any time of it than before.
    func growth(during body: () async throws -> Void) async throws -> Int {
        let before = try residentBytes()
        let sampling = Task {
            var highest = before
            while !Task.isCancelled {
                highest = max(highest, try residentBytes())
                try? await Task.sleep(for: .milliseconds(20))
            }
            return highest
        }
        do {
            try await body()
        } catch {
            sampling.cancel()
            throw error
        }
        sampling.cancel()
        return try await sampling.value - before
    }
}
