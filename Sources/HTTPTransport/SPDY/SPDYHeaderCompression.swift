import CZlib

/// The zlib streams of one connection's headers: what was sent before is part of how the next block reads. Used by one
/// task at a time.
final class SPDYHeaderCompression {
    private let stream: UnsafeMutablePointer<z_stream>
    private let inflates: Bool

    init(inflating: Bool) throws {
        inflates = inflating
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let size = Int32(MemoryLayout<z_stream>.size)
        var result =
            inflating
            ? inflateInit2_(stream, MAX_WBITS, ZLIB_VERSION, size)
            : deflateInit_(stream, Z_BEST_SPEED, ZLIB_VERSION, size)
        if result == Z_OK, !inflating {
            result = deflateSetDictionary(stream, SPDYDictionary.bytes, UInt32(SPDYDictionary.bytes.count))
        }
        // The members are set: the deinitializer frees what zlib took.
        guard result == Z_OK else { throw SPDYError("zlib could not start (\(result))") }
    }

    deinit {
        if inflates { inflateEnd(stream) } else { deflateEnd(stream) }
        stream.deallocate()
    }

    /// - Parameter limit: the most bytes that may come out.
    /// - Throws: ``SPDYError`` for broken data and beyond the limit.
    func process(_ bytes: [UInt8], limit: Int) throws -> [UInt8] {
        var input = bytes
        var output = [UInt8](repeating: 0, count: limit)
        let room = UInt32(truncatingIfNeeded: limit)
        let result: Int32 = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.pointee.next_in = source.baseAddress
                stream.pointee.avail_in = UInt32(truncatingIfNeeded: source.count)
                stream.pointee.next_out = target.baseAddress
                stream.pointee.avail_out = room
                guard inflates else { return deflate(stream, Z_SYNC_FLUSH) }
                var result = inflate(stream, Z_SYNC_FLUSH)
                if result == Z_NEED_DICT {
                    result = inflateSetDictionary(
                        stream, SPDYDictionary.bytes, UInt32(SPDYDictionary.bytes.count))
                    if result == Z_OK { result = inflate(stream, Z_SYNC_FLUSH) }
                }
                return result
            }
        }
        guard result == Z_OK || result == Z_BUF_ERROR else { throw SPDYError("a header block is broken (\(result))") }
        guard stream.pointee.avail_in == 0, stream.pointee.avail_out > 0 else {
            throw SPDYError("a header block is larger than \(limit) bytes")
        }
        output.removeLast(Int(stream.pointee.avail_out))
        return output
    }
}
