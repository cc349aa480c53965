import CZlib
package import Wire

/// One direction's inflating stream. Bound to one event loop.
package final class InflateStream {
    private let stream: UnsafeMutablePointer<z_stream>

    package init() throws(FrameError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let result = inflateInit2_(stream, MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else {
            stream.deallocate()
            throw FrameError(.compression, "zlib could not start (\(result))")
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// One message out of one piece of the stream.
    ///
    /// - Parameter limit: the most bytes that may come out; memory grows with what does, not with the limit.
    /// - Throws: ``FrameError/Code/compression`` for broken data, for data after the stream's end, and beyond the limit.
    package func inflated(_ bytes: [UInt8], limit: Int) throws(FrameError) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: min(limit, max(1024, bytes.count * 4)))
        var written = 0
        var input = bytes
        let failure: FrameError? = input.withUnsafeMutableBufferPointer { source in
            stream.pointee.next_in = source.baseAddress
            stream.pointee.avail_in = UInt32(truncatingIfNeeded: source.count)
            while true {
                if written == output.count {
                    // The last byte of room tells a message at the limit from one beyond it.
                    guard written <= limit else { return Self.tooLong(limit) }
                    output.append(
                        contentsOf: repeatElement(0, count: max(1, min(output.count, limit + 1 - output.count))))
                }
                let room = output.count - written
                let result = output.withUnsafeMutableBufferPointer { target in
                    stream.pointee.next_out = target.baseAddress.map { $0 + written }
                    stream.pointee.avail_out = UInt32(truncatingIfNeeded: room)
                    return inflate(stream, Z_SYNC_FLUSH)
                }
                written += room - Int(stream.pointee.avail_out)
                if written > limit { return Self.tooLong(limit) }
                guard result == Z_OK || result == Z_BUF_ERROR else {
                    return FrameError(.compression, "a deflated message is broken (zlib says \(result))")
                }
                if stream.pointee.avail_out > 0 { return nil }
            }
        }
        if let failure { throw failure }
        output.removeLast(output.count - written)
        return output
    }

    private static func tooLong(_ limit: Int) -> FrameError {
        FrameError(.tooLong, "a deflated message inflates to more than \(limit) bytes")
    }
}
