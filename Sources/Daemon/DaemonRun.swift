import Glibc
public import Logging
import ServiceLifecycle
import UnixSignals

/// How a daemon's program runs: logging, signals, exit status.
public enum DaemonRun {
    /// Sets up logging on standard error and gives the program's logger.
    public static func logger(_ label: String, level: Logger.Level) -> Logger {
        LoggingSystem.bootstrap { name in
            var handler = StreamLogHandler.standardError(label: name)
            handler.logLevel = level
            return handler
        }
        return Logger(label: label)
    }

    /// Runs `body` until it ends or a SIGTERM or SIGINT comes, which cancels it.
    ///
    /// - Throws: what `body` throws, but for its cancellation.
    public static func untilStopped(logger: Logger, _ body: @escaping @Sendable () async throws -> Void) async throws {
        let service = MainService(body: body)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
                cancellationSignals: [.sigterm, .sigint], logger: logger))
        do {
            try await group.run()
        } catch is CancellationError {
            return
        }
    }

    private struct MainService: Service {
        let body: @Sendable () async throws -> Void
        func run() async throws { try await body() }
    }
}
