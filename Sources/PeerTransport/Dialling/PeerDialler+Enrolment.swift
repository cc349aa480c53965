import Digests
import NIOCore
public import Sessions
import TLSTransport
public import Wire

extension PeerDialler {
    /// Turns a token into a certificate.
    ///
    /// Connects to whoever shows the pinned authority, and only then sends the token with a request for a new key. When the
    /// connection breaks before the answer came, the same key asks once more: the token may be used up already.
    ///
    /// - Parameters:
    ///   - token: is used up by a success.
    ///   - clusterID: of this cluster: what the certificate will be made out to.
    ///   - clusterName: of this cluster.
    ///   - peerClusterID: the only cluster that may answer; `nil` takes the pin's word for it.
    /// - Throws: ``PeerDialError``, `TLSError`, `CancellationError`.
    public func enrol(
        _ token: PeerToken, clusterID: String, clusterName: String, role: PeerRole, peerClusterID: String?
    ) async throws -> PeerEnrolment {
        let tls = try PeerTLS.enrolment(
            authorityPin: token.authorityPin, peerClusterID: peerClusterID,
            handshakeTimeout: configuration.handshakeTimeout)
        return try await PeerEnrolment.obtain(
            token, clusterID: clusterID, clusterName: clusterName, role: role, peerClusterID: peerClusterID,
            at: address
        ) { try await enrol($0, tls: tls) }
    }
}

extension PeerEnrolment {
    /// Makes a key, asks for its certificate, and looks at the answer; what is asked for goes by `ask`.
    ///
    /// - Parameters:
    ///   - address: for errors.
    ///   - ask: carries the request to whoever shows the token's pin, once.
    /// - Throws: ``PeerDialError``, `TLSError`, and what `ask` throws.
    package static func obtain(
        _ token: PeerToken, clusterID: String, clusterName: String, role: PeerRole, peerClusterID: String?,
        at address: PeerAddress, ask: (EnrollMessage) async throws -> EnrolledMessage
    ) async throws -> PeerEnrolment {
        let start = Duration.monotonicNow
        let key = try PrivateKey.generate()
        let request = EnrollMessage(
            tokenID: token.id, tokenSecret: token.secretText,
            certificateRequest: try CertificateRequest.make(key: key, commonName: clusterID).pem,
            clusterID: clusterID, clusterName: clusterName, role: role)
        let answer: EnrolledMessage
        do {
            answer = try await ask(request)
        } catch let error as PeerDialError where error.attempts.isEmpty && error.end.code == .lost {
            answer = try await ask(request)
        }
        func refuse(_ problem: String) -> PeerDialError {
            PeerDialError(
                address: address, elapsed: .monotonicNow - start,
                end: .violation("the answer to the enrolment is wrong: \(problem)"))
        }
        let chain: [Certificate]
        let authorities: [Certificate]
        do {
            chain = try Certificate.chain(pem: answer.certificateChain)
            authorities = try Certificate.chain(pem: answer.authority)
        } catch {
            throw refuse(error.message)
        }
        guard authorities.contains(where: { $0.subjectPublicKeyInfoSHA256 == token.authorityPin }) else {
            throw refuse("its authority is not the pinned one")
        }
        guard let leaf = chain.first, leaf.publicKey == key.publicKey,
            CertificateProfile.peerClient(clusterID: clusterID).describes(leaf)
        else { throw refuse("the certificate is not the one that was asked for") }
        guard peerClusterID == nil || peerClusterID == answer.clusterID else {
            throw refuse("it comes from cluster \(answer.clusterID)")
        }
        return PeerEnrolment(
            identity: try Identity(chain: chain, privateKey: key), authorities: authorities,
            clusterID: answer.clusterID, clusterName: answer.clusterName)
    }
}
