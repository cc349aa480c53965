import ArgumentParser
import Glibc
import NIOCore
import NIOPosix
import TLSTransport

/// The TLS handler with nothing behind it: answers every request with bytes that are at hand, as many as its target says.
///
/// What it reaches is what the machine, the loopback and TLS leave to any API server, measured in the same minute.
struct BareServer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bare-server", abstract: "Serve bytes over TLS, to compare with.", shouldDisplay: false)

    @Argument(help: "Where the authority's certificate is written, followed by the port.")
    var path: String

    func run() async throws {
        let now = Int64(time(nil))
        let authority = try CertificateAuthority.create(commonName: "bench", now: now)
        let key = try PrivateKey.generate()
        let certificate = try authority.issue(
            .apiServer(dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"]), for: key.publicKey, now: now)
        let tls = try TLSContext(.server(identity: Identity(chain: [certificate], privateKey: key)))
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 * 1024, high: 256 * 1024))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([TLSHandler(context: tls), BareHandler()])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        try KeyFile.write(Array(authority.certificate.pem.utf8), to: path + ".pem")
        try KeyFile.write(Array("\(channel.localAddress?.port ?? 0)".utf8), to: path + ".port")
        try await channel.closeFuture.get()
    }
}

private final class BareHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private var scanner = MessageScanner()
    private var target: [UInt8] = []
    private var answer = ByteBuffer()
    /// What the client has not been sent of its answer.
    private var rest = ByteBuffer()

    /// Long answers go out in pieces of this size, as the client takes them.
    private static let piece = 128 * 1024

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        scanner.take(unwrapInboundIn(data)) { request in
            if request.startLine != target { prepare(request.startLine) }
            rest = answer
        }
        send(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        send(context)
        context.fireChannelWritabilityChanged()
    }

    private func send(_ context: ChannelHandlerContext) {
        while context.channel.isWritable, let bytes = rest.readSlice(length: min(Self.piece, rest.readableBytes)),
            bytes.readableBytes > 0
        {
            context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    /// Makes the answer to `GET /SIZE HTTP/1.1`, once for all such requests that follow.
    private func prepare(_ startLine: [UInt8]) {
        target = startLine
        let words = startLine.split(separator: UInt8(ascii: " "))
        let size = words.count > 1 ? Int(String(decoding: words[1].dropFirst(), as: UTF8.self)) ?? 0 : 0
        answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
        answer.writeRepeatingByte(UInt8(ascii: "x"), count: size)
    }
}
