import COpenSSL
import Digests

/// Verifies one peer's certificates during its handshake: chain, pin, names, time, uses, then the configuration's check.
///
/// Leaves the reason of a refusal in the engine, and in the store's error for the alert that OpenSSL sends.
struct PeerVerification {
    /// The most certificates between the leaf and the trusted one.
    private static let maximumDepth: Int32 = 8

    let store: OpaquePointer
    let engine: TLSEngine

    private var configuration: TLSConfiguration { engine.context.configuration }

    /// Whether the peer is accepted.
    func run() -> Bool {
        do throws(TLSError) {
            try prepare()
            OpenSSLErrors.clear()
            guard X509_verify_cert(store) == 1 else { throw describeVerification() }
            try accept(try verifiedPeer())
            return true
        } catch {
            // Without an error in the store, OpenSSL would tell the peer of a failure of ours.
            if X509_STORE_CTX_get_error(store) == X509_V_OK {
                X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED)
            }
            var error = error
            if let leaf = X509_STORE_CTX_get0_cert(store).flatMap({ try? Certificate(retaining: $0) }) {
                error.fingerprint = Hex.encode(leaf.fingerprint)
            }
            engine.refusal = error
            return false
        }
    }

    private func prepare() throws(TLSError) {
        let parameters = X509_STORE_CTX_get0_param(store)
        X509_VERIFY_PARAM_set_depth(parameters, Self.maximumDepth)
        if let time = configuration.verificationTime { X509_VERIFY_PARAM_set_time(parameters, Int(time())) }
        switch configuration.trust {
        case .certificates:
            // Trusting a certificate means trusting it, whether or not it signed itself; so do Kubernetes' clients.
            X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_PARTIAL_CHAIN))
        case .pinnedAuthority(let pin):
            try trustPresentedAuthority(pin)
        case .system, nil:
            break
        }
    }

    /// Trusts, for this connection, the self-signed certificate of the presented chain that has the pinned key.
    private func trustPresentedAuthority(_ pin: [UInt8]) throws(TLSError) {
        let presented = X509_STORE_CTX_get0_untrusted(store)
        for index in 0..<max(0, OPENSSL_sk_num(presented)) {
            guard let element = OPENSSL_sk_value(presented, index) else { continue }
            let pointer = OpaquePointer(element)
            // The signature counts too: anyone can write a certificate around a public key.
            guard X509_self_signed(pointer, 1) == 1,
                constantTimeEquals(try Certificate(retaining: pointer).subjectPublicKeyInfoSHA256, pin)
            else { continue }
            guard let stack = OPENSSL_sk_new_null(), OPENSSL_sk_push(stack, element) > 0 else {
                throw OpenSSLErrors.unexpected("trust a pinned authority")
            }
            if let old = engine.pinnedStack { OPENSSL_sk_free(old) }
            engine.pinnedStack = stack
            X509_STORE_CTX_set0_trusted_stack(store, stack)
            return
        }
        X509_STORE_CTX_set_error(store, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN)
        throw TLSError(
            .pinMismatch,
            "the peer did not present the authority that was pinned: it is another installation, or somebody in between; "
                + "make a new token there, or check the address")
    }

    private func verifiedPeer() throws(TLSError) -> PeerIdentity {
        let stack = X509_STORE_CTX_get0_chain(store)
        var chain: [Certificate] = []
        for index in 0..<max(0, OPENSSL_sk_num(stack)) {
            guard let element = OPENSSL_sk_value(stack, index) else { continue }
            chain.append(try Certificate(retaining: OpaquePointer(element)))
        }
        return try PeerIdentity(
            certificateChain: chain, applicationProtocol: engine.applicationProtocol, tlsVersion: engine.version)
    }

    private func accept(_ peer: PeerIdentity) throws(TLSError) {
        if configuration.role == .client, configuration.requiresApplicationProtocol, !configuration.alpn.isEmpty,
            peer.applicationProtocol == nil
        {
            X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION)
            throw TLSError(
                .noApplicationProtocol,
                "the server chose none of the application protocols offered; check that the port is the right one")
        }
        if let refusal = configuration.verify?(peer) {
            let (error, code): (Int32, TLSError.Code) =
                switch refusal.reason {
                case .revoked: (X509_V_ERR_CERT_REVOKED, .revoked)
                case .rejected: (X509_V_ERR_CERT_REJECTED, .rejected)
                }
            X509_STORE_CTX_set_error(store, error)
            throw TLSError(code, refusal.message)
        }
        engine.peer = peer
    }

    private func describeVerification() -> TLSError {
        let error = X509_STORE_CTX_get_error(store)
        let cause = X509_verify_cert_error_string(Int(error)).map { String(cString: $0) }
        let current = X509_STORE_CTX_get_current_cert(store).flatMap { try? Certificate(retaining: $0) }
        let who = current.map { "the peer's \($0)" } ?? "the peer's certificate"
        switch error {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return TLSError(.certificateExpired, "\(who) has expired; renew it, or check the clocks", cause: cause)
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return TLSError(.certificateNotYetValid, "\(who) is not valid yet; check the clocks", cause: cause)
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            let name = configuration.serverName ?? ""
            let names = ((current?.dnsNames ?? []) + (current?.ipAddresses ?? [])).prefix(8).joined(separator: ", ")
            return TLSError(
                .nameMismatch,
                "\(who) is not made out to “\(name)” but to \(names.isEmpty ? "no name" : names); use one of its names",
                cause: cause)
        case X509_V_ERR_CERT_REVOKED:
            return TLSError(.revoked, "\(who) was revoked", cause: cause)
        case X509_V_ERR_INVALID_PURPOSE:
            let use = configuration.role == .client ? "server" : "client"
            return TLSError(.untrusted, "\(who) is not made for a TLS \(use); issue one that is", cause: cause)
        default:
            return TLSError(
                .untrusted, "\(who) was not issued by an authority that is trusted here; check which one is configured",
                cause: cause)
        }
    }
}
