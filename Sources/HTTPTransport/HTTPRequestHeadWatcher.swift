import NIOCore

/// Stands between the bytes and the decoder, to see what the decoder does not tell: that a head has begun (its
/// deadline starts) and that a request line grows beyond its limit (414 instead of the decoder's general refusal).
final class HTTPRequestHeadWatcher: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: HTTPServerConnectionHandler
    private let maxLineLength: Int
    private var lineLength = 0
    private var isInLine = false

    init(_ connection: HTTPServerConnectionHandler, maxTargetLength: Int) {
        self.connection = connection
        // The longest method, the version, and the spaces between them.
        maxLineLength = maxTargetLength + 48
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard connection.takesInput else { return }
        if connection.headMayBegin() {
            isInLine = true
            lineLength = 0
        }
        if isInLine {
            let bytes = Self.unwrapInboundIn(data).readableBytesView
            if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                isInLine = false
                lineLength += end - bytes.startIndex
            } else {
                lineLength += bytes.count
            }
            guard lineLength <= maxLineLength else {
                isInLine = false
                connection.requestLineTooLong()
                return
            }
        }
        context.fireChannelRead(data)
    }
}
