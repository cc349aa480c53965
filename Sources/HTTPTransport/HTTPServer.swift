public import Logging
public import NIOCore
import NIOHTTP1
import NIOPosix
public import TLSTransport

/// An HTTP/1.1 server on one address.
///
/// It owns its sockets and nothing else: the event loops are the caller's and outlive it. Keep-alive, pipelining (in
/// order), `Expect: 100-continue`, HEAD and chunked bodies are handled here; every limit of
/// ``HTTPServerConfiguration`` is enforced before the responder is asked.
public final class HTTPServer: Sendable {
    /// The address that is listened on, with the port that was chosen if 0 was asked for.
    public let address: SocketAddress

    private let channel: any Channel
    private let connections: HTTPConnectionRegistry

    private init(channel: any Channel, address: SocketAddress, connections: HTTPConnectionRegistry) {
        self.channel = channel
        self.address = address
        self.connections = connections
    }

    /// Listens and serves until ``close(grace:)``.
    ///
    /// - Parameters:
    ///   - host: an IP address or a name to listen on.
    ///   - port: 0 to 65535; 0 lets the system choose.
    ///   - tls: what each new connection's handler is made from; nil serves plain HTTP, on loopback only.
    /// - Throws: ``HTTPTransportError`` with `addressInUse`, `cannotListen`, or `plaintextRefused` for a host that is not
    ///   loopback when there is no TLS.
    public static func start(
        group: any EventLoopGroup,
        host: String,
        port: Int,
        tls: TLSContextBox?,
        configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
        logger: Logger,
        responder: any HTTPResponder
    ) async throws -> HTTPServer {
        guard (0...65535).contains(port) else {
            throw HTTPTransportError(.invalidConfiguration, "Port \(port) is not a port: use 0 to 65535.")
        }
        guard tls != nil || LoopbackAddress.isLoopback(host) else {
            throw HTTPTransportError(
                .plaintextRefused, "Serving HTTP on \(host):\(port) without TLS is refused; only loopback may do that.")
        }
        let connections = HTTPConnectionRegistry(
            limit: configuration.maxConnections, limitPerAddress: configuration.maxConnectionsPerAddress,
            evictsAnonymous: tls != nil)
        let budget = HTTPMemoryBudget(limit: configuration.maxBufferedBytes)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.so_keepalive), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(
                .writeBufferWaterMark,
                value: ChannelOptions.Types.WriteBufferWaterMark(
                    low: configuration.writeHighWaterMark / 4, high: configuration.writeHighWaterMark)
            )
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard connections.add(channel) else {
                        logger.debug("http connection refused: too many", metadata: ["limit": "\(connections.limit)"])
                        throw HTTPTransportError(
                            .connectionClosed, "There are too many connections, at all or from one address.")
                    }
                    if let tls { try channel.pipeline.syncOperations.addHandler(tls.makeHandler()) }
                    let connection = HTTPServerConnectionHandler(
                        configuration: configuration, responder: responder, budget: budget, logger: logger)
                    connection.clientIsKnown = { connections.keep(channel) }
                    try addHandlers(channel, configuration, connection)
                }
            }
        do {
            let channel = try await bootstrap.bind(host: host, port: port).get()
            guard let address = channel.localAddress else {
                try? await channel.close()
                throw HTTPTransportError(.cannotListen, "The socket for \(host):\(port) was closed at once.")
            }
            return HTTPServer(channel: channel, address: address, connections: connections)
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw HTTPTransportError(
                .addressInUse,
                "Cannot listen on \(host):\(port): the port is in use. Stop the program that uses it or choose another.",
                cause: error)
        } catch let error as HTTPTransportError {
            throw error
        } catch {
            throw HTTPTransportError(.cannotListen, "Cannot listen on \(host):\(port): \(error).", cause: error)
        }
    }

    /// The port that is listened on.
    public var port: Int {
        address.port ?? 0
    }

    /// How many connections are open.
    public var connectionCount: Int {
        connections.count
    }

    /// Stops listening, closes idle connections, asks streaming responses to end by cancelling their tasks, lets other
    /// requests finish, and cuts what is left after the grace. Returns when every connection is closed. Idempotent.
    public func close(grace: Duration = .seconds(5)) async {
        try? await channel.close()
        await connections.close(grace: grace)
    }

    /// Serves one connection that somebody else has made, without TLS: what a client may send is read as on any other.
    package static func serve(
        _ channel: any Channel, configuration: HTTPServerConfiguration = HTTPServerConfiguration(),
        responder: any HTTPResponder, logger: Logger
    ) throws {
        try addHandlers(
            channel, configuration,
            HTTPServerConnectionHandler(
                configuration: configuration, responder: responder,
                budget: HTTPMemoryBudget(limit: configuration.maxBufferedBytes), logger: logger))
    }

    private static func addHandlers(
        _ channel: any Channel,
        _ configuration: HTTPServerConfiguration,
        _ connection: HTTPServerConnectionHandler
    ) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = configuration.maxHeaderBytes
        limits.maxHeaderListSize = configuration.maxHeaderBytes
        limits.maxHeaderFieldCount = configuration.maxHeaderCount
        var encoding = HTTPResponseEncoder.Configuration()
        encoding.automaticallySetFramingHeaders = false  // it would frame the missing body of a HEAD response
        let decoder = HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits)
        try channel.pipeline.syncOperations.addHandlers([
            HTTPRequestHeadWatcher(connection, maxTargetLength: configuration.maxTargetLength),
            HTTPResponseEncoder(configuration: encoding),
            ByteToMessageHandler(decoder),
            connection,
        ])
    }
}
