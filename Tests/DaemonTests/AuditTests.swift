import Foundation
import Glibc
import JSONTree
import Logging
import Synchronization
import Testing

@testable import Daemon

@Suite("The audit log")
final class AuditTests {
    private let folder = NSTemporaryDirectory() + "causeway-audit-\(UInt64.random(in: 0...UInt64.max))"
    private var path: String { folder + "/audit.log" }

    init() throws { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// What the ordinary log got, and what was said of the audit log.
    private final class Heard: Sendable {
        let lines = Mutex<[String]>([])
        let notices = Mutex<[AuditFile.Notice]>([])
    }

    private struct Ordinary: LogHandler {
        let heard: Heard
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { heard.lines.withLock { $0.append("\(event.level) \(event.message)") } }
    }

    private func file(_ heard: Heard) -> AuditFile {
        AuditFile(path: path) { notice in heard.notices.withLock { $0.append(notice) } }
    }

    private func logger(_ heard: Heard, level: Logger.Level = .info) -> Logger {
        let file = file(heard)
        return Logger(label: "test") { _ in
            AuditLogHandler(Ordinary(heard: heard, logLevel: level), file: file, now: { 1_800_000_000_123_456 })
        }
    }

    private func lines() throws -> [JSON] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { try JSON(parsing: String($0)) }
    }

    private func mode() -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test("an audited message becomes a line with all its metadata, for its owner's eyes only")
    func line() throws {
        let heard = Heard()
        var logger = logger(heard)
        logger[metadataKey: "peer"] = "rome\nmilan"
        logger.info("a token was used", metadata: ["audit": "token-used", "token.id": "0123456789abcdef"])
        logger.info("nothing of it")
        #expect(
            try lines() == [
                [
                    "time": "2027-01-15T08:00:00.123456Z", "event": "token-used", "level": "info",
                    "message": "a token was used", "peer": "rome\nmilan", "token.id": "0123456789abcdef",
                ]
            ])
        #expect(mode() == 0o600)
        #expect(heard.lines.withLock { $0 } == ["info a token was used", "info nothing of it"])
    }

    @Test("an ordinary log that is less talkative loses nothing here, and what comes with each pod is here only")
    func levels() throws {
        let heard = Heard()
        let logger = logger(heard, level: .error)
        logger.info("a peer connected", metadata: ["audit": "connected"])
        logger.info("said to nobody")
        #expect(heard.lines.withLock { $0 }.isEmpty)
        self.logger(heard).info("a pod was placed", metadata: ["audit": "placement"])
        #expect(heard.lines.withLock { $0 }.isEmpty)
        #expect(try lines().map { $0["event"] } == ["connected", "placement"])
    }

    @Test("it only grows: after a restart, after a line that was cut off, and after it was moved away")
    func grows() throws {
        let heard = Heard()
        logger(heard).info("one", metadata: ["audit": "one"])
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("{\"cut".utf8))
        try handle.close()
        chmod(path, 0o644)
        let second = logger(heard)
        second.info("two", metadata: ["audit": "two"])
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.split(separator: "\n").count == 3)
        #expect(text.hasSuffix("\n"))
        #expect(mode() == 0o600)
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        second.info("three", metadata: ["audit": "three"])
        #expect(try lines().map { $0["event"] } == ["three"])
        #expect(mode() == 0o600)
    }

    @Test("what cannot be written is said once and counted, and stops nobody")
    func failing() throws {
        let heard = Heard()
        let logger = logger(heard)
        // A folder in its place cannot be opened for writing, by root neither.
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for _ in 0..<3 { logger.info("lost", metadata: ["audit": "lost"]) }
        #expect(heard.lines.withLock { $0.count } == 3)
        #expect(heard.notices.withLock { $0.count } == 1)
        try FileManager.default.removeItem(atPath: path)
        logger.info("kept", metadata: ["audit": "kept"])
        #expect(try lines().map { $0["event"] } == ["audit-lost", "kept"])
        #expect(try lines().first?["count"]?.int == 3)
        #expect(heard.notices.withLock { $0.last } == .works(lost: 3))
    }

    @Test("a disk that is full is said, and lines come whole when there is room again")
    func full() throws {
        let heard = Heard()
        let room = Mutex(Int.max)
        let file = AuditFile(
            path: path,
            write: { file, bytes in
                let count = min(room.withLock { $0 }, bytes.count)
                guard count > 0 else {
                    errno = ENOSPC
                    return -1
                }
                let written = Glibc.write(file, bytes.baseAddress, count)
                room.withLock { $0 -= written }
                return written
            }, notice: { notice in heard.notices.withLock { $0.append(notice) } })
        file.append(["event": "one"], isFlushed: true)
        room.withLock { $0 = 7 }
        file.append(["event": "two"], isFlushed: true)
        #expect(
            heard.notices.withLock { $0 } == [.failing("cannot write \(path): \(String(cString: strerror(ENOSPC)))")])
        room.withLock { $0 = .max }
        file.append(["event": "three"], isFlushed: true)
        file.waitUntilFlushed()
        let text = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(text.first == "{\"event\":\"one\"}")
        #expect(text.suffix(2) == ["{\"time\":null,\"event\":\"audit-lost\",\"count\":1}", "{\"event\":\"three\"}"])
    }
}
