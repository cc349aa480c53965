import COpenSSL

/// The functions that OpenSSL calls back; each finds its connection through the `SSL`.
enum TLSCallbacks {
    /// The number of ALPN among the extensions of a handshake (RFC 7301).
    private static let applicationProtocolExtension: UInt32 = 16

    /// Replaces OpenSSL's verification of a chain; see ``PeerVerification``.
    static let verifyPeer: @convention(c) (OpaquePointer?, UnsafeMutableRawPointer?) -> Int32 = { store, _ in
        guard let store,
            let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
            let engine = TLSEngine.of(OpaquePointer(ssl))
        else { return 0 }
        return PeerVerification(store: store, engine: engine).run() ? 1 : 0
    }

    /// Chooses the server's most preferred protocol among the client's, or refuses.
    static let selectProtocol:
        @convention(c) (
            OpaquePointer?, UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<UInt8>?,
            UnsafePointer<UInt8>?, UInt32, UnsafeMutableRawPointer?
        ) -> Int32 = { ssl, chosen, chosenLength, offered, offeredLength, _ in
            guard let engine = TLSEngine.of(ssl), let chosen, let chosenLength else {
                return SSL_TLSEXT_ERR_ALERT_FATAL
            }
            let ours = engine.context.protocolList
            var name: UnsafeMutablePointer<UInt8>?
            let result = SSL_select_next_proto(
                &name, chosenLength, ours.baseAddress, UInt32(ours.count), offered, offeredLength)
            guard result == OPENSSL_NPN_NEGOTIATED, let name else { return SSL_TLSEXT_ERR_ALERT_FATAL }
            chosen.pointee = UnsafePointer(name)
            return SSL_TLSEXT_ERR_OK
        }

    /// Refuses a client that does not speak ALPN at all.
    static let requireProtocolOffer:
        @convention(c) (OpaquePointer?, UnsafeMutablePointer<Int32>?, UnsafeMutableRawPointer?) -> Int32 = {
            ssl, alert, _ in
            var bytes: UnsafePointer<UInt8>?
            var count = 0
            guard SSL_client_hello_get0_ext(ssl, applicationProtocolExtension, &bytes, &count) != 1 else {
                return SSL_CLIENT_HELLO_SUCCESS
            }
            TLSEngine.of(ssl)?.refusal = TLSError(
                .noApplicationProtocol, "the client offers no application protocol; use a client made for this port")
            alert?.pointee = SSL_AD_NO_APPLICATION_PROTOCOL
            return SSL_CLIENT_HELLO_ERROR
        }
}
