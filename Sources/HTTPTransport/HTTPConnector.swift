import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import TLSTransport

/// Makes client connections to one endpoint.
struct HTTPConnector: Sendable {
    let group: any EventLoopGroup
    let endpoint: HTTPEndpoint
    let tls: TLSContextBox?
    let configuration: HTTPClientConfiguration

    /// The sockets of one attempt, so that a cancellation can close them.
    private final class Attempt: Sendable {
        private struct State {
            var channels: [any Channel] = []
            var isCancelled = false
        }
        private let state = Mutex(State())

        func add(_ channel: any Channel) {
            let isCancelled = state.withLock {
                $0.channels.append(channel)
                return $0.isCancelled
            }
            if isCancelled { channel.close(promise: nil) }
        }

        func cancel() {
            let channels = state.withLock {
                $0.isCancelled = true
                return $0.channels
            }
            for channel in channels { channel.close(promise: nil) }
        }
    }

    private struct Opened {
        let connection: HTTPClientConnection
        let tunnel: EventLoopFuture<Void>?
        let handshake: EventLoopFuture<TLSHandshakeCompleted>?
    }

    /// Connects, with the TLS handshake.
    ///
    /// - Parameter leavingHTTP: whether a response may end HTTP on the connection: bytes behind it are another protocol's.
    /// - Throws: ``HTTPTransportError`` that says which address was tried, for how long, and why it failed;
    ///   `CancellationError` when the task is cancelled.
    func connect(leavingHTTP: Bool = false) async throws -> HTTPClientConnection {
        let start = ContinuousClock.now
        let attempt = Attempt()
        do {
            return try await withTaskCancellationHandler {
                let opened = try await open(attempt, leavingHTTP)
                guard let handshake = opened.handshake else { return opened.connection }
                let channel = opened.connection.channel
                let left = configuration.connectTimeout - (ContinuousClock.now - start)
                let timer = channel.eventLoop.scheduleTask(in: TimeAmount(left)) { channel.close(promise: nil) }
                defer { timer.cancel() }
                do {
                    try await opened.tunnel?.get()
                    _ = try await handshake.get()
                } catch {
                    channel.close(promise: nil)
                    throw error
                }
                return opened.connection
            } onCancel: {
                attempt.cancel()
            }
        } catch {
            try Task.checkCancellation()
            throw explain(error, after: ContinuousClock.now - start)
        }
    }

    private func open(_ attempt: Attempt, _ leavingHTTP: Bool) async throws -> Opened {
        let bootstrap = ClientBootstrap(group: group)
            .connectTimeout(TimeAmount(configuration.connectTimeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            // A silent link is noticed within 30 s, also while a watch has nothing to say.
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .channelOption(.tcpOption(NIOBSDSocket.Option(rawValue: TCP_KEEPIDLE)), value: 15)
            .channelOption(.tcpOption(NIOBSDSocket.Option(rawValue: TCP_KEEPINTVL)), value: 5)
            .channelOption(.tcpOption(NIOBSDSocket.Option(rawValue: TCP_KEEPCNT)), value: 3)
            .channelOption(.tcpOption(NIOBSDSocket.Option(rawValue: TCP_USER_TIMEOUT)), value: 30_000)
        let proxy = tls == nil ? nil : configuration.proxy
        let next = proxy ?? endpoint
        return try await bootstrap.connect(host: next.host, port: next.port) { channel in
            channel.eventLoop.makeCompletedFuture {
                attempt.add(channel)
                var tunnel: EventLoopFuture<Void>?
                if let proxy {
                    let promise = channel.eventLoop.makePromise(of: Void.self)
                    tunnel = promise.futureResult
                    try channel.pipeline.syncOperations.addHandler(
                        HTTPProxyTunnelHandler(
                            proxy: proxy, authorization: configuration.proxyAuthorization, target: endpoint,
                            limit: configuration.maxHeaderBytes, promise: promise))
                }
                var handshake: EventLoopFuture<TLSHandshakeCompleted>?
                if let tls {
                    let promise = channel.eventLoop.makePromise(of: TLSHandshakeCompleted.self)
                    handshake = promise.futureResult
                    try channel.pipeline.syncOperations.addHandler(
                        TLSHandler(context: tls.current, handshakePromise: promise))
                }
                var limits = NIOHTTPDecoderLimitConfiguration()
                limits.maxHeaderListSize = configuration.maxHeaderBytes
                limits.maxHeaderFieldSize = configuration.maxHeaderBytes
                var encoding = HTTPRequestEncoder.Configuration()
                encoding.automaticallySetFramingHeaders = false
                let handler = HTTPClientConnectionHandler(endpoint: endpoint, configuration: configuration)
                try channel.pipeline.syncOperations.addHandlers([
                    HTTPRequestEncoder(configuration: encoding),
                    ByteToMessageHandler(
                        HTTPResponseDecoder(
                            leftOverBytesStrategy: leavingHTTP ? .forwardBytes : .dropBytes, limitConfiguration: limits)
                    ),
                    handler,
                ])
                return Opened(
                    connection: HTTPClientConnection(channel: channel, handler: handler), tunnel: tunnel,
                    handshake: handshake)
            }
        }
    }

    private func explain(_ error: any Error, after elapsed: Duration) -> HTTPTransportError {
        let time = elapsed.formattedSeconds
        switch error {
        case let error as HTTPTransportError:
            return error
        case let error as TLSError where error.code != .closed && error.code != .truncated && error.code != .timeout:
            return HTTPTransportError(
                .tlsFailed, "The TLS handshake with \(endpoint) failed after \(time): \(error.message).", cause: error)
        case _ where elapsed >= configuration.connectTimeout:
            return HTTPTransportError(
                .connectTimeout, "Cannot connect to \(endpoint): no answer within \(time).", cause: error)
        case is TLSError:
            return HTTPTransportError(
                .tlsFailed, "\(endpoint) closed the connection during the TLS handshake, after \(time).", cause: error)
        case let error as NIOConnectionError:
            return HTTPTransportError(
                .connectFailed, "Cannot connect to \(endpoint), tried for \(time): \(Self.why(error)).", cause: error)
        default:
            return HTTPTransportError(
                .connectFailed, "Cannot connect to \(endpoint), tried for \(time): \(error).", cause: error)
        }
    }

    private static func why(_ error: NIOConnectionError) -> String {
        if let failure = error.connectionErrors.first {
            guard let system = failure.error as? IOError else { return "\(failure.error)" }
            switch system.errnoCode {
            case ECONNREFUSED: return "connection refused, nothing listens there"
            case ENETUNREACH, EHOSTUNREACH: return "there is no route to it"
            default: return "\(system)"
            }
        }
        if error.dnsAError != nil || error.dnsAAAAError != nil { return "the name cannot be resolved" }
        return "\(error)"
    }
}

extension Duration {
    /// Seconds with one decimal place, for sentences.
    var formattedSeconds: String {
        let tenths = (components.seconds * 10) + components.attoseconds / 100_000_000_000_000_000
        return "\(tenths / 10).\(tenths % 10) s"
    }
}
