import CZlib
import Wire

/// One direction's deflating stream: all messages of a connection in one, so that equal things cost next to nothing again.
///
/// Bound to one event loop. Takes 130 KB once it is used.
final class DeflateStream {
    /// 16 KiB of history, and a hash of fitting size: half of zlib's default memory for some percent of size.
    private static let windowBits: Int32 = 14
    private static let memoryLevel: Int32 = 7

    private let stream: UnsafeMutablePointer<z_stream>

    init() throws(FrameError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let result = deflateInit2_(
            stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, Self.windowBits, Self.memoryLevel, Z_DEFAULT_STRATEGY,
            ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else {
            stream.deallocate()
            throw FrameError(.compression, "zlib could not start (\(result))")
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// The next piece of the stream: all of `bytes`, ended so that the peer can inflate it at once.
    func deflated(_ bytes: [UInt8]) throws(FrameError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: max(256, bytes.count / 3))
        var written = 0
        var input = bytes
        let isDone = input.withUnsafeMutableBufferPointer { source in
            stream.pointee.next_in = source.baseAddress
            stream.pointee.avail_in = UInt32(truncatingIfNeeded: source.count)
            while true {
                if written == output.count { output.append(contentsOf: repeatElement(0, count: output.count)) }
                let room = output.count - written
                let result = output.withUnsafeMutableBufferPointer { target in
                    stream.pointee.next_out = target.baseAddress.map { $0 + written }
                    stream.pointee.avail_out = UInt32(truncatingIfNeeded: room)
                    return deflate(stream, Z_SYNC_FLUSH)
                }
                written += room - Int(stream.pointee.avail_out)
                // A flush that finds nothing left to say is no error.
                guard result == Z_OK || result == Z_BUF_ERROR else { return false }
                if stream.pointee.avail_out > 0 { return stream.pointee.avail_in == 0 }
            }
        }
        guard isDone else { throw FrameError(.compression, "zlib could not deflate a message") }
        output.removeLast(output.count - written)
        return output
    }
}
