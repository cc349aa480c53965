import COpenSSL
import COpenSSLShims
import NIOCore

/// One connection's `SSL` object between two byte queues. Does no I/O and knows no channel.
///
/// Not thread-safe: its owner, ``TLSHandler``, uses it on one event loop.
final class TLSEngine {
    enum HandshakeStep {
        case needsMoreBytes
        case completed(TLSHandshakeCompleted)
        case failed(TLSError)
    }

    enum ReadStep {
        case bytes(ByteBuffer)
        case needsMoreBytes
        /// The peer said that it sends nothing more.
        case ended
        case failed(TLSError)
    }

    let context: TLSContext
    private let ssl: OpaquePointer
    private let bio: OpaquePointer
    private let transport: TransportBytes

    /// Why our side refused the peer's certificate; more than OpenSSL's error tells.
    var refusal: TLSError?

    /// The peer whose certificate was verified.
    var peer: PeerIdentity?

    /// What ended the last reading, when bytes were returned first.
    private var stopped: ReadStep?

    /// The authority trusted for this connection by its pin; owned here because OpenSSL only borrows it.
    var pinnedStack: OpaquePointer?

    init(context: TLSContext) throws(TLSError) {
        OpenSSLErrors.clear()
        let transport = TransportBytes()
        guard let ssl = SSL_new(context.pointer) else { throw OpenSSLErrors.unexpected("start a connection") }
        let bio: OpaquePointer
        do throws(TLSError) {
            bio = try transport.makeBIO()
        } catch {
            SSL_free(ssl)
            throw error
        }
        // Takes the one reference, as both directions are the same BIO.
        SSL_set_bio(ssl, bio, bio)
        self.context = context
        self.ssl = ssl
        self.bio = bio
        self.transport = transport
        SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
        switch context.configuration.role {
        case .server:
            SSL_set_accept_state(ssl)
        case .client:
            SSL_set_connect_state(ssl)
            if let name = context.configuration.serverName { try expect(serverName: name) }
        }
    }

    deinit {
        TransportBytes.detach(bio)
        SSL_set_ex_data(ssl, 0, nil)
        SSL_free(ssl)
        if let pinnedStack { OPENSSL_sk_free(pinnedStack) }
    }

    /// The engine of an `SSL`, for OpenSSL's callbacks.
    static func of(_ ssl: OpaquePointer?) -> TLSEngine? {
        guard let ssl, let data = SSL_get_ex_data(ssl, 0) else { return nil }
        return Unmanaged<TLSEngine>.fromOpaque(data).takeUnretainedValue()
    }

    private func expect(serverName name: String) throws(TLSError) {
        let isSet: Bool
        if IPAddressText.bytes(of: name) != nil {
            isSet = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1
        } else {
            // Names are in the alternative names only, and a star stands for one whole label.
            SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            // A trailing dot is DNS's, not the certificate's.
            let host = name.hasSuffix(".") ? String(name.dropLast()) : name
            isSet = SSL_set1_host(ssl, host) == 1 && causeway_ssl_set_server_name(ssl, host) == 1
        }
        guard isSet else { throw OpenSSLErrors.unexpected("set the server's name “\(name)”") }
    }

    /// Adds bytes from the peer.
    func receive(_ buffer: ByteBuffer) {
        transport.receive(buffer)
        if case .needsMoreBytes = stopped { stopped = nil }
    }

    /// Takes the bytes to send to the peer; nil when there are none.
    func takeOutbound() -> ByteBuffer? { transport.takeOutbound() }

    func handshake() -> HandshakeStep {
        OpenSSLErrors.clear()
        let result = SSL_do_handshake(ssl)
        guard result != 1 else { return .completed(completion()) }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
            return .needsMoreBytes
        default:
            return .failed(refusal ?? TLSFailure.describe(role: context.configuration.role, inHandshake: true))
        }
    }

    /// Decrypts up to `limit` bytes into one buffer.
    func read(allocator: ByteBufferAllocator, limit: Int = 64 * 1024) -> ReadStep {
        if let stopped {
            self.stopped = nil
            return stopped
        }
        // Plaintext is shorter than its ciphertext; a rest that OpenSSL holds already comes with the next round. The buffer
        // is never grown: what is in it would be copied.
        var buffer = allocator.buffer(capacity: min(max(transport.inbound.readableBytes, 512), limit))
        while buffer.writableBytes > 0 {
            var step: ReadStep?
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 0) { destination in
                OpenSSLErrors.clear()
                var count = 0
                let result = SSL_read_ex(ssl, destination.baseAddress, destination.count, &count)
                guard result != 1 else { return count }
                step = failedRead(result)
                return 0
            }
            guard let step else { continue }
            guard buffer.readableBytes > 0 else { return step }
            // Bytes first: what stopped the reading is for the next call.
            stopped = step
            return .bytes(buffer)
        }
        return .bytes(buffer)
    }

    private func failedRead(_ result: Int32) -> ReadStep {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: .needsMoreBytes
        case SSL_ERROR_ZERO_RETURN: .ended
        default: .failed(TLSFailure.describe(role: context.configuration.role, inHandshake: false))
        }
    }

    /// Encrypts a whole message into the bytes to send.
    func write(_ message: ByteBuffer) throws(TLSError) {
        guard message.readableBytes > 0 else { return }
        transport.reserve(message.readableBytes)
        let isWritten = message.withUnsafeReadableBytes { source in
            OpenSSLErrors.clear()
            var count = 0
            return SSL_write_ex(ssl, source.baseAddress, source.count, &count) == 1 && count == source.count
        }
        guard isWritten else { throw TLSFailure.describe(role: context.configuration.role, inHandshake: false) }
    }

    /// Puts a close_notify among the bytes to send.
    func sendCloseNotify() {
        OpenSSLErrors.clear()
        _ = SSL_shutdown(ssl)
    }

    var applicationProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &length)
        guard let name, length > 0 else { return nil }
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
    }

    var version: TLSVersion { SSL_version(ssl) == TLS1_3_VERSION ? .tls1_3 : .tls1_2 }

    private func completion() -> TLSHandshakeCompleted {
        TLSHandshakeCompleted(peer: peer, applicationProtocol: applicationProtocol, tlsVersion: version)
    }
}
