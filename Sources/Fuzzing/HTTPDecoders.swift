import EmbeddedCluster
import HTTPTransport
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1

/// What comes from whoever reaches the port of an API.
enum HTTPDecoders {
    /// Reads in a request what the embedded cluster reads before it knows who asks, and answers on the spot.
    private struct Reader: HTTPResponder {
        func respondImmediately(to request: HTTPRequest) -> HTTPResponse? {
            _ = RequestPath(request.pathSegments)
            _ = (request.query.items, AcceptedForm(request.headers.first(name: "Accept")))
            return .text(.ok, "\(request.body.readableBytes)")
        }

        func respond(to request: HTTPRequest) async -> HTTPResponse { .text(.ok, "") }
    }

    /// One connection's bytes, in pieces.
    static func http(_ bytes: [UInt8]) {
        let channel = EmbeddedChannel()
        var logger = Logger(label: "fuzz")
        logger.logLevel = .critical
        guard (try? HTTPServer.serve(channel, responder: Reader(), logger: logger)) != nil else { return }
        _ = try? channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        var rest = bytes[...]
        while let first = rest.first, channel.isActive {
            let piece = rest.prefix(Int(first) * 7 + 1)
            rest = rest.dropFirst(piece.count)
            _ = try? channel.writeInbound(ByteBuffer(bytes: piece))
            channel.embeddedEventLoop.run()
            while case .some = try? channel.readOutbound(as: ByteBuffer.self) {}
        }
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }
}
