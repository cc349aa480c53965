import COpenSSL
import COpenSSLShims
import Glibc
import Synchronization
import TLSTransport

/// libssl with nothing around it: blocking sockets on loopback, one thread that writes and one that reads.
enum BareLibssl {
    /// As long as a stream frame of a peering may be.
    private static let piece = 32 << 10

    /// What two ends of a peering agree on.
    private static let cipher = "TLS_AES_128_GCM_SHA256"

    /// Sends so many bytes over a TLS 1.3 connection.
    static func bytesPerSecond(_ bytes: Int, authority: CertificateAuthority) throws -> Double {
        let folder = try ScratchFolder()
        let identity = try authority.makeIdentity(.peerServer(clusterID: "bench"), now: Int64(time(nil)))
        let (certificates, key) = ("\(folder.path)/certificates", "\(folder.path)/key")
        try identity.save(certificatesPath: certificates, privateKeyPath: key)
        let (near, far) = try connectedSockets()
        defer {
            close(near)
            close(far)
        }
        guard let serving = SSL_CTX_new(TLS_server_method()), let dialling = SSL_CTX_new(TLS_client_method()),
            SSL_CTX_use_certificate_chain_file(serving, certificates) == 1,
            SSL_CTX_use_PrivateKey_file(serving, key, SSL_FILETYPE_PEM) == 1,
            SSL_CTX_set_ciphersuites(dialling, cipher) == 1
        else { throw BenchmarkFailure("libssl takes no certificate") }
        defer {
            SSL_CTX_free(serving)
            SSL_CTX_free(dialling)
        }
        guard let server = SSL_new(serving), let client = SSL_new(dialling), SSL_set_fd(server, far) == 1,
            SSL_set_fd(client, near) == 1
        else { throw BenchmarkFailure("libssl starts no connection") }
        defer {
            SSL_free(server)
            SSL_free(client)
        }
        let reader = try Reader(SSLPointer(value: server), bytes: bytes)
        guard SSL_connect(client) == 1 else { throw BenchmarkFailure("libssl's handshake failed") }
        let begun = ContinuousClock.now
        let buffer = [UInt8](repeating: 120, count: piece)
        for _ in 0..<(bytes / piece) {
            guard SSL_write(client, buffer, Int32(buffer.count)) == Int32(buffer.count) else {
                throw BenchmarkFailure("libssl does not write")
            }
        }
        guard reader.wait() == bytes else { throw BenchmarkFailure("libssl did not read everything") }
        return Double(bytes) / ((ContinuousClock.now - begun) / .seconds(1))
    }

    /// The thread that reads.
    private final class Reader: Sendable {
        private let thread = Mutex<pthread_t?>(nil)
        private let connection: SSLPointer
        private let expected: Int
        private let count = Atomic(0)

        init(_ connection: SSLPointer, bytes: Int) throws {
            self.connection = connection
            expected = bytes
            var new = pthread_t()
            let context = Unmanaged.passRetained(self).toOpaque()
            guard
                pthread_create(
                    &new, nil,
                    { context in
                        guard let context else { return nil }
                        Unmanaged<Reader>.fromOpaque(context).takeRetainedValue().read()
                        return nil
                    }, context) == 0
            else { throw BenchmarkFailure("no thread can be started") }
            thread.withLock { $0 = new }
        }

        private func read() {
            guard SSL_accept(connection.value) == 1 else { return }
            var buffer = [UInt8](repeating: 0, count: piece)
            var total = 0
            while total < expected {
                let read = SSL_read(connection.value, &buffer, Int32(buffer.count))
                guard read > 0 else { break }
                total += Int(read)
            }
            count.store(total, ordering: .releasing)
        }

        /// How much was read in the end.
        func wait() -> Int {
            if let thread = thread.withLock({ $0.take() }) { pthread_join(thread, nil) }
            return count.load(ordering: .acquiring)
        }
    }

    /// One thread at a time uses it.
    private struct SSLPointer: @unchecked Sendable {
        let value: OpaquePointer
    }

    private static func connectedSockets() throws -> (Int32, Int32) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let near = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let isConnected = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 1) == 0
                    && getsockname(listener, address, &length) == 0 && connect(near, address, length) == 0
            }
        }
        let far = isConnected ? accept(listener, nil, nil) : -1
        guard far >= 0 else { throw BenchmarkFailure("no connection on loopback: \(String(cString: strerror(errno)))") }
        var one: Int32 = 1
        for socket in [near, far] {
            setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        }
        return (near, far)
    }
}
