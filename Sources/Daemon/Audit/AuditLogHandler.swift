import Glibc
import JSONTree
import KubernetesModel
import Logging

/// Puts what is logged with the key `audit` into the audit log as well, whatever level the ordinary log has.
///
/// The value of that key is the event's name; the message, the level and all other metadata become fields of the line.
struct AuditLogHandler: LogHandler {
    /// The metadata key.
    static let key = "audit"
    /// Events that come with each pod: too many for the ordinary log, and not worth a flush each.
    static let frequent: Set<String> = ["placement", "move", "eviction"]
    /// The longest value that is kept, in characters.
    private static let longest = 1024

    private var ordinary: any LogHandler
    private let file: AuditFile
    /// Microseconds since 1970.
    private let now: @Sendable () -> Int

    /// - Parameter ordinary: gets everything of its level, but for frequent events.
    init(_ ordinary: any LogHandler, file: AuditFile, now: @escaping @Sendable () -> Int = Self.clock) {
        self.ordinary = ordinary
        self.file = file
        self.now = now
    }

    /// Never above `info`: what belongs into the audit log is at least that, and must come here.
    var logLevel: Logger.Level {
        get { min(ordinary.logLevel, .info) }
        set { ordinary.logLevel = newValue }
    }

    var metadata: Logger.Metadata {
        get { ordinary.metadata }
        set { ordinary.metadata = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { ordinary[metadataKey: key] }
        set { ordinary[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        var isFrequent = false
        if let name = event.metadata?[Self.key]?.description {
            isFrequent = Self.frequent.contains(name)
            file.append(line(name, event), isFlushed: !isFrequent)
        }
        let level = isFrequent ? .debug : event.level
        if level >= ordinary.logLevel { ordinary.log(event: event) }
    }

    private func line(_ name: String, _ event: LogEvent) -> JSON {
        var line: JSON = [
            "time": .string(Timestamp.microText(now())), "event": .string(name), "level": .string(event.level.rawValue),
            "message": .string(event.message.description),
        ]
        let all = ordinary.metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) where key != Self.key && line[key] == nil {
            line[key] = .string(String(value.description.prefix(Self.longest)))
        }
        return line
    }

    private static func clock() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
    }
}
