import TLSTransport

/// A client certificate and its key in files that somebody renews, as kubelets and certificate managers do.
actor CertificateFiles: CredentialSource {
    /// How long what was read is used before the files are looked at again.
    private static let renewal: Duration = .seconds(60)

    private let certificate: String
    private let key: String
    private let token: BearerToken?
    private let place: Kubeconfig.Place
    private var held: ClientCredential?
    private var content: [[UInt8]] = []
    private var readAt = ContinuousClock.now

    init(certificate: String, key: String, token: BearerToken?, place: Kubeconfig.Place) {
        self.certificate = certificate
        self.key = key
        self.token = token
        self.place = place
    }

    func current() throws -> ClientCredential {
        var credential = try held.flatMap { ContinuousClock.now - readAt < Self.renewal ? $0 : nil } ?? read()
        credential.token = try token?.current()
        return credential
    }

    func refused(_ credential: ClientCredential) {
        if let text = credential.token { _ = token?.refused(text) }
        guard credential.generation == held?.generation else { return }
        readAt = .now - Self.renewal
    }

    /// A pair that is just being replaced does not fit together: the last good one is used until it does.
    private func read() throws -> ClientCredential {
        do {
            let content = [try bytes(certificate, "client-certificate"), try bytes(key, "client-key")]
            if content == self.content, let held {
                readAt = .now
                return held
            }
            var credential = ClientCredential(
                identity: try Identity(
                    certificatesPEM: String(decoding: content[0], as: UTF8.self),
                    privateKeyPEM: String(decoding: content[1], as: UTF8.self)))
            credential.generation = (held?.generation ?? 0) + 1
            self.content = content
            held = credential
            readAt = .now
            return credential
        } catch {
            if let held { return held }
            throw error as? KubeconfigError ?? place.error("client-certificate", "\(error)")
        }
    }

    private func bytes(_ path: String, _ field: String) throws(KubeconfigError) -> [UInt8] {
        do {
            return try BoundedFile.read(path)
        } catch let failure {
            throw place.error(field, "\(path) cannot be read: \(failure.problem)")
        }
    }
}
