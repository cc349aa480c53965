public import ClusterAPI
public import ClusterBootstrap
import HTTPTransport
import KubernetesModel
public import Logging
import NIOPosix
import OffloadingModel
import Synchronization
import TLSTransport

/// The mutating admission webhook of a hub: an HTTPS server that a real API server asks about pods of offloaded namespaces.
///
/// Every replica of a hub runs one, whether it leads or not. Its certificate, the authority behind it and the registration
/// are kept good for as long as ``run()`` runs.
public final class WebhookServer: Sendable {
    /// Where the webhook listens, and where it is found.
    public struct Configuration: Sendable {
        /// The IP address to listen on.
        public var host: String
        /// 0 lets the system choose.
        public var port: Int
        /// `nil` for the port that is listened on, at the address that is listened on.
        public var target: WebhookManifest.Target?
        /// The DNS names and IP addresses that the API server may dial it by.
        public var names: [String]

        public init(host: String, port: Int, target: WebhookManifest.Target?, names: [String]) {
            self.host = host
            self.port = port
            self.target = target
            self.names = names
        }
    }

    /// The life of the server's own certificate, in seconds: 30 days. It renews itself at two thirds of it.
    private static let validity: Int64 = 30 * 24 * 3600
    /// How often the certificates' ages are looked at: the clock may jump.
    private static let interval = Duration.seconds(600)
    /// How often a replica that may not register looks whether it may now.
    private static let waitingInterval = Duration.seconds(2)
    /// How soon a registration that was refused is tried again.
    private static let refusedInterval = Duration.seconds(60)

    private struct Shown {
        var authority: Certificate
        var identity: Identity
    }

    private let configuration: Configuration
    private let cluster: any ClusterAPI
    private let logger: Logger
    private let now: @Sendable () -> Int64
    private let tls: TLSContextBox
    private let shown: Mutex<Shown>
    private let server: HTTPServer
    private let registration: WebhookRegistration
    private let registers: @Sendable () -> Bool

    /// The port that is listened on.
    public var port: Int { server.port }

    private init(
        _ configuration: Configuration, _ cluster: any ClusterAPI, tls: TLSContextBox, shown: Shown, server: HTTPServer,
        logger: Logger, now: @escaping @Sendable () -> Int64, registers: @escaping @Sendable () -> Bool
    ) {
        self.registers = registers
        self.configuration = configuration
        self.cluster = cluster
        self.tls = tls
        self.shown = Mutex(shown)
        self.server = server
        self.logger = logger
        self.now = now
        registration = WebhookRegistration(
            cluster: cluster,
            target: configuration.target ?? .url("https://\(configuration.host):\(server.port)"), logger: logger)
    }

    /// Gets the certificates and listens; nobody is told yet.
    ///
    /// - Parameters:
    ///   - cluster: where the authority is kept, and where the webhook will be registered.
    ///   - now: seconds since 1970.
    ///   - registers: whether this replica says where the webhook is: replicas that are found at different addresses must not
    ///     contradict each other.
    ///   - admit: what is done with a pod; asked at once for as many pods as the API server asks about.
    /// - Throws: `HTTPTransportError` where the port is taken; what the cluster throws.
    public static func start(
        _ configuration: Configuration, cluster: any ClusterAPI, logger: Logger, now: @escaping @Sendable () -> Int64,
        registers: @escaping @Sendable () -> Bool = { true }, admit: @escaping PodAdmitter
    ) async throws -> WebhookServer {
        let authority = try await patiently { try await WebhookAuthority.current(in: cluster, now: now()) }
        let shown = try issue(authority, configuration, now: now())
        let tls = TLSContextBox(try context(shown.identity))
        var limits = HTTPServerConfiguration()
        limits.maxBodyBytes = AdmissionReview.maximumLength
        // An API server needs a few connections; each body that is under way is held whole.
        limits.maxConnections = 256
        limits.maxBufferedBytes = 64 * 1024 * 1024
        let server = try await HTTPServer.start(
            group: MultiThreadedEventLoopGroup.singleton, host: configuration.host, port: configuration.port, tls: tls,
            configuration: limits, logger: logger, responder: WebhookResponder(logger: logger, admit: admit))
        return WebhookServer(
            configuration, cluster, tls: tls, shown: shown, server: server, logger: logger, now: now,
            registers: registers)
    }

    /// Keeps registration and certificates good until the task is cancelled; then listens no more. What is registered stays:
    /// another replica may answer, and while none does the API server goes on without.
    public func run() async {
        let controller = Controller<String>("admission-webhook", workers: 1, logger: logger) { _ in
            try await self.reconcile()
        }
        let informers = [
            Informer(
                cluster, .secrets, namespace: Names.systemNamespace,
                fieldSelector: "metadata.name=\(WebhookAuthority.secret)", logger: logger),
            Informer(
                cluster, .mutatingWebhookConfigurations, fieldSelector: "metadata.name=\(WebhookManifest.name)",
                logger: logger),
        ]
        for informer in informers { informer.onChange { _ in controller.queue.add(WebhookManifest.name) } }
        controller.queue.add(WebhookManifest.name)
        await withDiscardingTaskGroup { group in
            for informer in informers { group.addTask { await informer.run() } }
            group.addTask { await controller.run() }
        }
        await server.close(grace: .seconds(1))
    }

    private func reconcile() async throws -> Requeue {
        let time = now()
        let authority = try await WebhookAuthority.current(in: cluster, now: time)
        let isGood = shown.withLock {
            $0.authority == authority.authority.certificate && time < $0.identity.renewalTime
        }
        if !isGood {
            let new = try Self.issue(authority, configuration, now: time)
            tls.replace(with: try Self.context(new.identity))
            shown.withLock { $0 = new }
            logger.info("the admission webhook has a new certificate")
        }
        guard registers() else { return .after(Self.waitingInterval) }
        do {
            try await registration.ensure(authority.bundle)
        } catch let error as APIError where error.code == 403 {
            logger.warning(
                "the admission webhook cannot be registered: pods are adopted after they were made; run 'causewayctl install' again",
                metadata: ["error": "\(error)"])
            return .after(Self.refusedInterval)
        }
        return .after(Self.interval)
    }

    /// The first look may meet another replica's.
    private static func patiently<T>(_ work: () async throws -> T) async throws -> T {
        for attempt in 1... {
            do {
                return try await work()
            } catch let error as APIError where error.isConflict && attempt < 10 {
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        preconditionFailure("the tenth attempt returns or throws")
    }

    private static func issue(
        _ authority: WebhookAuthority, _ configuration: Configuration, now: Int64
    ) throws(TLSError) -> Shown {
        var names: [String] = []
        var addresses: [String] = []
        for name in configuration.names {
            let isAddress = name.contains(":") || name.utf8.allSatisfy { $0 == 46 || (48...57).contains($0) }
            if isAddress { addresses.append(name) } else { names.append(name) }
        }
        let profile = CertificateProfile(
            commonName: WebhookManifest.service, dnsNames: names, ipAddresses: addresses, usages: .server,
            validity: validity)
        return Shown(
            authority: authority.authority.certificate,
            identity: try authority.authority.makeIdentity(profile, now: now))
    }

    private static func context(_ identity: Identity) throws(TLSError) -> TLSContext {
        var tls = TLSConfiguration.server(identity: identity, alpn: ["http/1.1"])
        // Older API servers speak nothing newer.
        tls.minimumVersion = .tls1_2
        return try TLSContext(tls)
    }
}
