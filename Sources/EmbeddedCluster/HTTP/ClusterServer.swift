import HTTPTransport
import KubernetesModel
import Logging
import NIOCore
import NIOPosix
import Synchronization
import TLSTransport

#if canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// The HTTPS server of a cluster: its address, its certificates, and the kubeconfig that leads to it.
final class ClusterServer: Sendable {
    private let configuration: ClusterConfiguration
    private let server: HTTPServer
    private let contexts: TLSContextBox
    private let credentials: Mutex<ClusterCredentials>
    let logger: Logger

    private init(
        _ configuration: ClusterConfiguration, _ server: HTTPServer, _ contexts: TLSContextBox,
        _ credentials: ClusterCredentials, _ logger: Logger
    ) {
        self.configuration = configuration
        self.server = server
        self.contexts = contexts
        self.credentials = Mutex(credentials)
        self.logger = logger
    }

    /// Listens, and writes the kubeconfig once clients will find the server there.
    ///
    /// - Throws: `HTTPTransportError` with `addressInUse` where the port is taken; `TLSError` where a key cannot be used.
    static func start(
        _ configuration: ClusterConfiguration, pipeline: ResourcePipeline, logger: Logger
    ) async throws -> ClusterServer {
        let credentials = try load(configuration)
        let contexts = TLSContextBox(try context(credentials))
        let kept = try StatePort.load(folder: configuration.stateFolder)
        let responder = APIServer(pipeline: pipeline)
        var limits = HTTPServerConfiguration()
        // Enough for the 401 that answers a client which has lost its certificate; nothing that it sends is of use.
        limits.maxAnonymousBodyBytes = 16 * 1024
        // The rest of the files that this process may open is for everything else that it does.
        limits.maxConnections = min(limits.maxConnections, openFilesLimit() / 2)
        func listen(_ port: Int) async throws -> HTTPServer {
            try await HTTPServer.start(
                group: MultiThreadedEventLoopGroup.singleton, host: configuration.host, port: port, tls: contexts,
                configuration: limits, logger: logger, responder: responder)
        }
        let asked = configuration.port != 0 ? configuration.port : kept
        let server = if let asked { try await listen(asked) } else { try await StatePort.pick(listen) }
        let started = ClusterServer(configuration, server, contexts, credentials, logger)
        do {
            try StatePort.save(server.port, folder: configuration.stateFolder)
            try started.writeKubeconfig()
        } catch {
            await server.close(grace: .zero)
            throw error
        }
        return started
    }

    private static func openFilesLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1024 }
        return Int(clamping: limit.rlim_cur)
    }

    private static func load(_ configuration: ClusterConfiguration) throws -> ClusterCredentials {
        var names = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "127.0.0.1", "::1"]
        for name in [configuration.host] + configuration.alternativeNames
        where !names.contains(name) && !["0.0.0.0", "::", ""].contains(name) {
            names.append(name)
        }
        return try ClusterCredentials.load(
            folder: configuration.stateFolder, cluster: configuration.name, names: names,
            now: Int64(WallClock.seconds()))
    }

    private static func context(_ credentials: ClusterCredentials) throws -> TLSContext {
        try TLSContext(
            .server(
                identity: credentials.server, clientAuthentication: .optional,
                trust: .certificates([credentials.authority.certificate]), alpn: ["http/1.1"]))
    }

    var port: Int { server.port }

    /// Where clients reach the server: every address listens on loopback too.
    var host: String { ["0.0.0.0", "::", ""].contains(configuration.host) ? "127.0.0.1" : configuration.host }

    /// The address that clients use.
    var address: String {
        "https://\(host.contains(":") ? "[\(host)]" : host):\(server.port)"
    }

    var kubeconfigPath: String { configuration.kubeconfigPath ?? configuration.stateFolder + "/admin.kubeconfig" }

    var authority: Certificate { credentials.withLock { $0.authority.certificate } }

    private func writeKubeconfig() throws {
        let text = try credentials.withLock { $0 }.kubeconfig(cluster: configuration.name, server: address)
        let bytes = Array(text.utf8)
        // Untouched where it says the same: other programs may watch the file.
        if try StateFolder.read(kubeconfigPath) == bytes { return }
        if let slash = kubeconfigPath.lastIndex(of: "/"), slash > kubeconfigPath.startIndex {
            try StateFolder.make(String(kubeconfigPath[..<slash]))
        }
        try KeyFile.write(bytes, to: kubeconfigPath)
    }

    /// Makes certificates anew that are due; connections that are open keep theirs.
    func renewIfDue() {
        guard credentials.withLock({ $0.renewalTime }) <= Int64(WallClock.seconds()) else { return }
        do {
            let renewed = try Self.load(configuration)
            contexts.replace(with: try Self.context(renewed))
            credentials.withLock { $0 = renewed }
            try writeKubeconfig()
            logger.info("certificates renewed")
        } catch {
            logger.warning("certificates not renewed", metadata: ["error": "\(error)"])
        }
    }

    func close() async { await server.close(grace: .seconds(1)) }
}

/// The port that a cluster was given once, kept so that kubeconfigs stay true.
enum StatePort {
    private static func path(_ folder: String) -> String { folder + "/port" }

    static func load(folder: String) throws -> Int? {
        guard let bytes = try StateFolder.read(path(folder)) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
        guard let port = Int(text), (1...65535).contains(port) else {
            throw StoreError(
                .inputOutput, "\(path(folder)) does not hold a port: remove the file to have another one picked")
        }
        return port
    }

    /// Where ports are picked: below what Linux gives to outgoing connections (32768 to 60999), so that none of those has
    /// the port when the cluster comes back to it.
    private static let range = 20_000...32_000

    /// Listens on a free port.
    static func pick(_ listen: (Int) async throws -> HTTPServer) async throws -> HTTPServer {
        for _ in 0..<50 {
            do {
                return try await listen(Int.random(in: range))
            } catch let error as HTTPTransportError where error.code == .addressInUse {
                continue
            }
        }
        return try await listen(0)
    }

    static func save(_ port: Int, folder: String) throws {
        guard try load(folder: folder) != port else { return }
        try KeyFile.write(Array("\(port)\n".utf8), to: path(folder))
    }
}
