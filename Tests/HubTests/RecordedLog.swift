import Logging
import Synchronization

/// What was logged, to be looked at.
final class RecordedLog: Sendable {
    private let lines = Mutex<[Line]>([])

    struct Line: Sendable {
        let message: String
        let metadata: [String: String]
    }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(log: self) }
        logger.logLevel = .info
        return logger
    }

    /// The lines for the audit with the event of this name, in their order.
    func audit(_ event: String) -> [[String: String]] {
        lines.withLock { $0.filter { $0.metadata["audit"] == event }.map(\.metadata) }
    }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues(\.description)
            log.lines.withLock { $0.append(Line(message: event.message.description, metadata: all)) }
        }
    }
}
