import ClusterBootstrap
public import Logging
public import OffloadingModel
public import Scheduling
import ServiceLifecycle
import UnixSignals

/// How a daemon's program runs: logging, signals, exit status.
public enum DaemonRun {
    /// Sets up logging on standard error and gives the program's logger.
    ///
    /// - Parameter auditLog: where what is logged for the audit is kept as well; `nil` for nowhere.
    public static func logger(_ label: String, level: Logger.Level, auditLog: String? = nil) -> Logger {
        LoggingSystem.bootstrap { name in
            var handler = StreamLogHandler.standardError(label: name)
            handler.logLevel = level
            return handler
        }
        let plain = Logger(label: label)
        guard let auditLog else { return plain }
        let file = AuditFile(path: auditLog) { notice in
            switch notice {
            case .failing(let why):
                plain.error(
                    "the audit log cannot be written; the daemon goes on, and events are lost until it can",
                    metadata: ["error": "\(why)"])
            case .works(let lost):
                plain.notice("the audit log can be written again", metadata: ["lost": "\(lost)"])
            }
        }
        return Logger(label: label) { name in
            var handler = StreamLogHandler.standardError(label: name)
            handler.logLevel = level
            return AuditLogHandler(handler, file: file)
        }
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

    /// Runs a cluster with what the daemon adds to it, says what the cluster is, and when everything is ready.
    ///
    /// - Parameters:
    ///   - info: published as long as the daemon runs.
    ///   - advice: what the scheduler must know of nodes that stand for edges.
    ///   - schedules: given what makes the scheduler look at a node again, or at all of them (`nil`).
    ///   - service: the hub's or the agent's own work; runs until it is cancelled.
    public static func serve(
        _ cluster: any DaemonCluster, state: DaemonState, info: ClusterInfo, logger: Logger,
        advice: any PlacementAdvice = OrdinaryNodes(),
        schedules: @escaping @Sendable (@escaping @Sendable (_ node: String?) -> Void) -> Void = { _ in },
        service: @escaping @Sendable () async throws -> Void
    ) async throws {
        // Only now: while another daemon had the folder, the word was that one's.
        state.markNotReady()
        let publisher = ClusterInfoPublisher(cluster.api, info, logger: logger)
        // A second daemon that joins the cluster goes by what this one says of it.
        try await publisher.publish()
        try await untilStopped(logger: logger) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await cluster.run(advice: advice, schedules: schedules) }
                group.addTask { try await service() }
                group.addTask { await publisher.run() }
                group.addTask { try await FreeMemory.run() }
                try await cluster.waitUntilReady()
                try state.markReady(api: cluster.address)
                defer { state.markNotReady() }
                logger.info("ready", metadata: ["api": "\(cluster.address)", "cluster": "\(info.clusterName)"])
                // Whichever ends first ends all: none of them ends on its own.
                try await group.next()
                group.cancelAll()
            }
        }
    }

    private struct MainService: Service {
        let body: @Sendable () async throws -> Void
        func run() async throws { try await body() }
    }
}
