import COpenSSL
import COpenSSLShims
import Digests

/// A checked configuration with its `SSL_CTX`, from which any number of connections are made.
///
/// `@unchecked Sendable`: after `init` nothing changes it, and OpenSSL locks and counts inside an `SSL_CTX`.
public final class TLSContext: @unchecked Sendable {
    public let configuration: TLSConfiguration

    let pointer: OpaquePointer

    /// The protocol list as ALPN writes it. Kept in place: OpenSSL keeps a pointer into it while a server chooses.
    let protocolList: UnsafeMutableBufferPointer<UInt8>

    /// - Throws: ``TLSError/Code/invalidInput`` when parts of the configuration are missing or do not fit together.
    public init(_ configuration: TLSConfiguration) throws(TLSError) {
        try configuration.validate()
        let list = try ApplicationProtocolList.encode(configuration.alpn)
        OpenSSLErrors.clear()
        let method = configuration.role == .server ? TLS_server_method() : TLS_client_method()
        guard let pointer = SSL_CTX_new(method) else { throw OpenSSLErrors.unexpected("make a TLS context") }
        do throws(TLSError) {
            try Self.apply(configuration, protocols: list, to: pointer)
        } catch {
            SSL_CTX_free(pointer)
            throw error
        }
        self.configuration = configuration
        self.pointer = pointer
        protocolList = .allocate(capacity: list.count)
        _ = protocolList.initialize(from: list)
    }

    deinit {
        SSL_CTX_free(pointer)
        protocolList.deallocate()
    }

    private static func apply(
        _ configuration: TLSConfiguration, protocols: [UInt8], to context: OpaquePointer
    ) throws(TLSError) {
        guard causeway_ssl_ctx_set_minimum_version(context, number(of: configuration.minimumVersion)) == 1,
            causeway_ssl_ctx_set_maximum_version(context, number(of: configuration.maximumVersion)) == 1
        else { throw OpenSSLErrors.unexpected("set the TLS versions") }
        guard causeway_ssl_ctx_apply_policy(context) == 1 else { throw OpenSSLErrors.unexpected("choose ciphers") }
        SSL_CTX_set_num_tickets(context, 0)
        // 112 bits of strength at least, whatever the system's configuration file says.
        SSL_CTX_set_security_level(context, 2)
        if let identity = configuration.identity { try use(identity, in: context) }
        if let trust = configuration.trust { try use(trust, of: configuration, in: context) }
        switch configuration.role {
        case .client:
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
            // Unlike the rest of libssl, this function returns 0 for success.
            guard protocols.isEmpty || SSL_CTX_set_alpn_protos(context, protocols, UInt32(protocols.count)) == 0 else {
                throw OpenSSLErrors.unexpected("offer application protocols")
            }
        case .server:
            let mode =
                switch configuration.clientAuthentication {
                case .none: SSL_VERIFY_NONE
                case .optional: SSL_VERIFY_PEER
                case .required: SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
                }
            SSL_CTX_set_verify(context, mode, nil)
            let sessionContext = Array("causeway".utf8)
            SSL_CTX_set_session_id_context(context, sessionContext, UInt32(sessionContext.count))
            guard !protocols.isEmpty else { break }
            SSL_CTX_set_alpn_select_cb(context, TLSCallbacks.selectProtocol, nil)
            if configuration.requiresApplicationProtocol {
                SSL_CTX_set_client_hello_cb(context, TLSCallbacks.requireProtocolOffer, nil)
            }
        }
        SSL_CTX_set_cert_verify_callback(context, TLSCallbacks.verifyPeer, nil)
    }

    private static func number(of version: TLSVersion) -> Int32 {
        switch version {
        case .tls1_2: TLS1_2_VERSION
        case .tls1_3: TLS1_3_VERSION
        }
    }

    private static func use(_ identity: Identity, in context: OpaquePointer) throws(TLSError) {
        guard SSL_CTX_use_certificate(context, identity.leaf.handle.pointer) == 1,
            SSL_CTX_use_PrivateKey(context, identity.privateKey.handle.pointer) == 1,
            SSL_CTX_check_private_key(context) == 1,
            identity.chain.dropFirst().allSatisfy({
                causeway_ssl_ctx_add_chain_certificate(context, $0.handle.pointer) == 1
            })
        else {
            throw TLSError(
                .invalidInput, "\(identity.leaf) or its key cannot be used for TLS; use ECDSA P-256 or RSA 2048",
                cause: OpenSSLErrors.takeText())
        }
    }

    private static func use(
        _ trust: TLSTrust, of configuration: TLSConfiguration, in context: OpaquePointer
    ) throws(TLSError) {
        switch trust {
        case .certificates(let certificates):
            guard let store = SSL_CTX_get_cert_store(context) else {
                throw OpenSSLErrors.unexpected("make a trust store")
            }
            for certificate in certificates {
                guard X509_STORE_add_cert(store, certificate.handle.pointer) == 1 else {
                    throw OpenSSLErrors.unexpected("trust a certificate")
                }
                // The names help clients to choose a certificate that this server can verify.
                guard configuration.role == .client || SSL_CTX_add_client_CA(context, certificate.handle.pointer) == 1
                else { throw OpenSSLErrors.unexpected("name a trusted authority") }
            }
        case .system:
            guard SSL_CTX_set_default_verify_paths(context) == 1 else {
                throw OpenSSLErrors.unexpected("read the system's trusted authorities")
            }
        case .pinnedAuthority:
            break
        }
    }
}
