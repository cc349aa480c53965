import NIOCore

/// Cuts a stream of bytes into lines, whatever the pieces are in which it comes.
struct LineSplitter {
    private let limit: Int
    private var buffer = ByteBuffer()
    /// How many readable bytes are known to hold no line break.
    private var searched = 0

    /// - Parameter limit: the longest line in bytes.
    init(limit: Int) {
        self.limit = limit
    }

    /// Whether nothing is left.
    var isEmpty: Bool { buffer.readableBytes == 0 }

    /// Whether what is left is longer than a line may be. To be asked when ``next()`` has returned nil.
    var isTooLong: Bool { buffer.readableBytes > limit }

    mutating func append(_ piece: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = piece
            searched = 0
        } else {
            var piece = piece
            buffer.discardReadBytes()
            buffer.writeBuffer(&piece)
        }
    }

    /// The next whole line without its line break, or nil when there is none yet.
    mutating func next() -> ByteBufferView? {
        let bytes = buffer.readableBytesView
        let start = bytes.index(bytes.startIndex, offsetBy: searched)
        guard let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) else {
            searched = bytes.count
            return nil
        }
        buffer.moveReaderIndex(forwardBy: bytes.distance(from: bytes.startIndex, to: end) + 1)
        searched = 0
        return bytes[..<end]
    }
}
