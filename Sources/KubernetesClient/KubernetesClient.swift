import ClusterAPI
import Digests
public import HTTPTransport
public import JSONTree
import KubernetesModel
public import Logging
public import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TLSTransport

/// A real API server behind `ClusterAPI`: JSON over HTTPS, a pool for requests, a connection per watch and log.
///
/// Keeps no copy of anything; that is an informer's work. Requests that the server asks to repeat (`Retry-After`) are
/// repeated here; everything else that fails is the caller's to repeat.
public final class KubernetesClient: Sendable {
    /// What it is connected to.
    public let connection: ClusterConnection

    let configuration: KubernetesClientConfiguration
    let http: HTTPClient
    let logger: Logger
    private let versions = ServedVersions()
    private let tls: TLSContextBox?
    /// What the context of new connections is made of.
    private let shown: Mutex<Shown>

    /// Generations: of the credential that is shown, and of the authorities that are believed.
    private struct Shown {
        var credential = 0
        var authority: Int?
    }

    /// Makes a client; nothing is connected yet.
    ///
    /// - Throws: `TLSError` or `HTTPTransportError` if the connection's parts do not fit together.
    public init(
        _ connection: ClusterConnection,
        configuration: KubernetesClientConfiguration = KubernetesClientConfiguration(),
        group: any EventLoopGroup,
        logger: Logger
    ) throws {
        self.connection = connection
        self.configuration = configuration
        self.logger = logger
        tls = try connection.tls.map { TLSContextBox(try TLSContext($0)) }
        var transport = configuration.http
        if let proxy = connection.proxy {
            transport.proxy = proxy
            transport.proxyAuthorization = connection.proxyCredentials.map { "Basic \(Base64.encode($0.utf8))" }
        }
        // What was read when the connection was made: a file that has been replaced since is another.
        shown = Mutex(Shown(authority: connection.authority == nil ? nil : 1))
        http = try HTTPClient(endpoint: connection.endpoint, tls: tls, group: group, configuration: transport)
    }

    /// As the other initialiser, on event loops that the process shares.
    public convenience init(
        _ connection: ClusterConnection,
        configuration: KubernetesClientConfiguration = KubernetesClientConfiguration(),
        logger: Logger
    ) throws {
        try self.init(
            connection, configuration: configuration, group: MultiThreadedEventLoopGroup.singleton, logger: logger)
    }

    /// Closes idle connections and refuses further requests; watches end with their tasks. Idempotent.
    public func shutDown() {
        http.shutDown()
    }

    /// Gets a document that is not an object of a resource, such as `/version` or `/apis`.
    ///
    /// - Parameter path: percent-encoded, with a leading slash, without a query.
    /// - Throws: as the methods of `ClusterAPI`.
    public func document(_ path: String, query: HTTPQuery = HTTPQuery()) async throws -> JSON {
        try await json(APIRequest(.GET, path, query: query))
    }

    /// The server's version.
    public func version() async throws -> ServerVersion {
        ServerVersion(try await document("/version"))
    }

    /// The resource in the version that the server is asked in.
    func served(_ type: ResourceType) async throws -> ResourceType {
        try await versions.served(type) { group in
            do {
                let found = try await document("/apis/\(group)")
                return (found["versions"]?.array ?? []).compactMap { $0["version"]?.string }
            } catch let error as APIError where error.isNotFound {
                return []
            }
        }
    }

    /// Sends a request and returns the document that answers it.
    func json(_ request: APIRequest) async throws -> JSON {
        let body = try await send(request)
        do {
            return try JSON(parsing: body.readableBytesView, limits: Self.limits(configuration.http.maxBodyBytes))
        } catch {
            throw ClusterUnreachable(
                "\(http.endpoint) answered \(request) with something that is not JSON: \(error). Is it an API server?")
        }
    }

    /// Sends a request, again where the server asks for it, and returns the body of a success.
    private func send(_ request: APIRequest) async throws -> ByteBuffer {
        var attempt = 0
        while true {
            let response: HTTPClientResponse
            do {
                let credential = try await credential()
                response = try await http.execute(makeRequest(request, credential))
                if response.status == .unauthorized, try await isRenewed(credential, after: attempt) {
                    attempt += 1
                    continue
                }
            } catch {
                throw explain(error)
            }
            if (200..<300).contains(response.status.code) { return response.body }
            let refusal = APIRefusal(response.status, response.headers, response.body, request)
            guard attempt < configuration.retryLimit, let wait = refusal.retryAfter,
                wait <= configuration.longestRetryWait
            else { throw refusal.error }
            attempt += 1
            logger.debug(
                "api server asks to wait",
                metadata: ["request": "\(request)", "wait": "\(wait)", "attempt": "\(attempt)"])
            try await Task.sleep(for: wait)
        }
    }

    /// Opens a response whose body goes on, on a connection of its own.
    func stream(_ request: APIRequest, silenceLimit: Duration?) async throws -> HTTPClientStream {
        do {
            let credential = try await credential()
            var stream = try await http.stream(makeRequest(request, credential), silenceLimit: silenceLimit)
            if stream.status == .unauthorized, try await isRenewed(credential, after: 0) {
                _ = try await stream.collect(upTo: 1024 * 1024)
                stream = try await http.stream(
                    makeRequest(request, try await self.credential()), silenceLimit: silenceLimit)
            }
            guard !(200..<300).contains(stream.status.code) else { return stream }
            let body = try await stream.collect(upTo: 1024 * 1024)
            throw APIRefusal(stream.status, stream.headers, body, request).error
        } catch {
            throw explain(error)
        }
    }

    /// Failures below the API become the one error that means "no answer came"; others stay what they are.
    func explain(_ error: any Error) -> any Error {
        switch error {
        case let error as HTTPTransportError: unreachable(error)
        case let error as KubeconfigError: ClusterUnreachable("\(error)")
        default: error
        }
    }

    /// The server may have a certificate of an authority that was renewed: the next request looks.
    private func unreachable(_ error: HTTPTransportError) -> ClusterUnreachable {
        connection.authority?.lookAgain()
        return ClusterUnreachable(error.message)
    }

    static func limits(_ bytes: Int) -> JSONLimits {
        JSONLimits(bytes: bytes, values: 10_000_000)
    }

    /// What to prove oneself by now. New connections show its certificate; those that are open keep theirs, and are not used
    /// for requests any more.
    func credential() async throws -> ClientCredential {
        var credential: ClientCredential
        if let source = connection.credentials {
            credential = try await source.current()
        } else {
            credential = ClientCredential(token: try connection.token?.current(), identity: connection.tls?.identity)
        }
        guard let tls, var configuration = connection.tls else { return credential }
        let authority = connection.authority?.current
        let now = Shown(credential: credential.generation, authority: authority?.generation)
        let isShown = shown.withLock { $0.credential == now.credential && $0.authority == now.authority }
        guard !isShown else { return credential }
        configuration.identity = credential.identity
        if let authority { configuration.trust = .certificates(authority.certificates) }
        tls.replace(with: try TLSContext(configuration))
        shown.withLock { $0 = now }
        http.dropIdleConnections()
        return credential
    }

    /// Whether there is something else to prove oneself by, now that the server has taken this for nobody's. Only the first
    /// time: a server may just not know the user.
    func isRenewed(_ credential: ClientCredential, after attempts: Int) async throws -> Bool {
        guard attempts == 0 else { return false }
        guard let source = connection.credentials else {
            guard let token = connection.token, let text = credential.token, token.refused(text) else { return false }
            return try token.current() != text
        }
        await source.refused(credential)
        return try await source.current().generation != credential.generation
    }

    func makeRequest(_ request: APIRequest, _ credential: ClientCredential) -> HTTPClientRequest {
        var headers: HTTPHeaders = ["User-Agent": configuration.userAgent, "Accept": request.accept]
        if let token = credential.token { headers.add(name: "Authorization", value: "Bearer \(token)") }
        var body: ByteBuffer?
        if let content = request.body {
            headers.add(name: "Content-Type", value: request.contentType)
            body = ByteBuffer(bytes: content.encoded())
        }
        return HTTPClientRequest(request.method, request.target, headers: headers, body: body)
    }
}
