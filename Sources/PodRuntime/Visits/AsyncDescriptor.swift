import CLinuxShims
@preconcurrency import Dispatch
import Glibc
import PodHost
import Synchronization

/// A pipe, socket or terminal that is read and written without blocking a thread. Closed with the last reference at the
/// latest.
///
/// One task may read and another write at a time.
final class AsyncDescriptor: Sendable {
    private static let queue = DispatchQueue(label: "causeway.descriptors")

    private let descriptor: Atomic<Int32>

    /// - Parameter file: owned from here on.
    init(owning file: Int32) {
        descriptor = Atomic(file)
        _ = fcntl(file, F_SETFL, fcntl(file, F_GETFL) | O_NONBLOCK)
    }

    deinit { close() }

    /// Closes it. No read and no write may be under way.
    func close() {
        let file = descriptor.exchange(-1, ordering: .acquiringAndReleasing)
        if file >= 0 { Glibc.close(file) }
    }

    private var file: Int32 { descriptor.load(ordering: .acquiring) }

    /// The next bytes; `nil` at the end, also at that of a terminal that nobody uses any more.
    func read(limit: Int = 32 << 10) async throws -> [UInt8]? {
        while true {
            try Task.checkCancellation()
            var code: Int32 = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
                let result = Glibc.read(file, buffer.baseAddress, buffer.count)
                code = result < 0 ? errno : 0
                count = max(0, result)
            }
            switch code {
            case 0: return bytes.isEmpty ? nil : bytes
            case EIO, ECONNRESET: return nil
            case EINTR: continue
            case EAGAIN: try await ready(DispatchSource.makeReadSource(fileDescriptor: file, queue: Self.queue))
            default: throw SystemError("read from the pod", code: code)
            }
        }
    }

    /// Writes all bytes.
    ///
    /// - Throws: `SystemError` with `EPIPE` where nobody reads any more.
    func write(_ bytes: [UInt8]) async throws {
        var written = 0
        while written < bytes.count {
            try Task.checkCancellation()
            let result = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if result >= 0 {
                written += result
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN: try await ready(DispatchSource.makeWriteSource(fileDescriptor: file, queue: Self.queue))
            default: throw SystemError.last("write to the pod")
            }
        }
    }

    /// Says to the other end of a socket that nothing more comes.
    func finishWriting() { shutdown(file, Int32(SHUT_WR)) }

    /// Takes a descriptor that comes over a socket.
    ///
    /// - Returns: or else the byte that came in its place, as text.
    func receiveDescriptor() async throws -> (descriptor: AsyncDescriptor?, text: String) {
        while true {
            try Task.checkCancellation()
            var byte: CChar = 0
            let received = causeway_receive_descriptor(file, &byte)
            if received >= 0 { return (AsyncDescriptor(owning: received), "") }
            if byte != 0 { return (nil, String(UnicodeScalar(UInt8(bitPattern: byte)))) }
            guard errno == EAGAIN || errno == EINTR else { return (nil, "") }
            try await ready(DispatchSource.makeReadSource(fileDescriptor: file, queue: Self.queue))
        }
    }

    /// Tells a terminal its size.
    func resize(columns: Int, rows: Int) {
        _ = causeway_resize_terminal(file, UInt16(clamping: columns), UInt16(clamping: rows))
    }

    /// Waits for the source's first event.
    private func ready(_ source: any DispatchSourceProtocol) async throws {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                source.setEventHandler { source.cancel() }
                // Called once, on the first event or on cancellation, when the system no longer looks at the file.
                source.setCancelHandler { continuation.resume() }
                source.activate()
            }
        } onCancel: {
            source.cancel()
        }
        try Task.checkCancellation()
    }
}
