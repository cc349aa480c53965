import Logging
import Synchronization

/// Keeps the names of the audit events that are logged.
final class AuditCollector: Sendable {
    private let names = Mutex<[String]>([])

    func count(of name: String) -> Int { names.withLock { $0.count { $0 == name } } }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(collector: self) }
        logger.logLevel = .info
        return logger
    }

    private struct Handler: LogHandler {
        let collector: AuditCollector
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            guard let name = event.metadata?["audit"] else { return }
            collector.names.withLock { $0.append("\(name)") }
        }
    }
}
