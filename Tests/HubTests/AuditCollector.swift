import Logging
import Synchronization

/// Keeps the names of the audit events that are logged, and looks out for what nobody may log.
final class AuditCollector: Sendable {
    private let names = Mutex<[String]>([])

    private let secrets = Mutex<(watched: [String], leaks: [String])>(([], []))

    /// Has all that is logged from now on, however fine, looked through for a text.
    func watch(for text: String) { secrets.withLock { $0.watched.append(text) } }

    /// The messages in which there was one.
    var leaks: [String] { secrets.withLock { $0.leaks } }

    func count(of name: String) -> Int { names.withLock { $0.count { $0 == name } } }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(collector: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let collector: AuditCollector
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) {
            collector.secrets.withLock { secrets in
                guard !secrets.watched.isEmpty else { return }
                let text = "\(event.message) \(event.metadata ?? [:]) \(metadata)"
                if secrets.watched.contains(where: text.contains) { secrets.leaks.append("\(event.message)") }
            }
            guard let name = event.metadata?["audit"] else { return }
            collector.names.withLock { $0.append("\(name)") }
        }
    }
}
