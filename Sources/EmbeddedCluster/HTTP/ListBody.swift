import HTTPTransport
import NIOCore

/// A list of objects as themselves, put together from the bytes that are kept of each.
///
/// A long list goes out piece by piece as the client takes it, and is never in memory as a whole: many clients may ask for
/// the same thousands of objects at once.
struct ListBody: Sendable {
    /// The text up to the first item.
    let head: [UInt8]
    let items: [StoredObject]

    static let end = Array("]}".utf8)

    /// What is put together before it is sent: large enough that the calls for each do not count, small enough to stay in a
    /// processor's cache while it is encrypted, and full records of TLS, which with what TLS adds fit in the next power of
    /// two, as buffers are.
    private static let piece = 7 * 16 * 1024
    private static let room = 8 * 16 * 1024

    private var length: Int {
        let separators = max(0, items.count - 1)
        return items.reduce(head.count + separators + Self.end.count) { $0 + $1.text.count }
    }

    var response: HTTPResponse.Body {
        let length = length
        guard length > Self.piece else {
            var bytes = ByteBuffer()
            bytes.reserveCapacity(length)
            bytes.writeBytes(head)
            for place in items.indices { write(place, to: &bytes) }
            bytes.writeBytes(Self.end)
            return .bytes(bytes)
        }
        return .sized(length) { [self] writer in try await send(to: writer) }
    }

    private func write(_ place: Int, to bytes: inout ByteBuffer) {
        if place > 0 { bytes.writeInteger(UInt8(ascii: ",")) }
        items[place].text.write(to: &bytes)
    }

    private func send(to writer: HTTPBodyWriter) async throws {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(Self.room)
        bytes.writeBytes(head)
        for place in items.indices {
            write(place, to: &bytes)
            while bytes.readableBytes >= Self.piece, let piece = bytes.readSlice(length: Self.piece) {
                try await writer.write(piece)
            }
            // What was sent is encrypted by now, so its place is free for what follows.
            bytes.discardReadBytes()
        }
        bytes.writeBytes(Self.end)
        try await writer.write(bytes)
    }
}
