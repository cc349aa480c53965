import Digests
import HTTPTransport
import JSONTree
import TLSTransport

extension Kubeconfig {
    /// What a context says, ready to connect; files that it names are read now, except a token's.
    ///
    /// - Parameters:
    ///   - context: its name; nil or empty for the current one.
    ///   - cluster: takes this cluster instead of the context's.
    ///   - user: takes this user instead of the context's.
    /// - Throws: ``KubeconfigError`` that names the field, for what is missing, malformed or not supported.
    public func connection(
        context: String? = nil, cluster: String? = nil, user: String? = nil
    ) throws(KubeconfigError) -> ClusterConnection {
        let name = context.flatMap { $0.isEmpty ? nil : $0 } ?? currentContext
        let chosen = try find(context: name, isNeeded: cluster == nil)
        guard let clusterName = cluster ?? chosen?.cluster, !clusterName.isEmpty else {
            throw chosen?.place.error("cluster", "names no cluster")
                ?? KubeconfigError(file: files.first, field: "current-context", "is not set: choose one with --context")
        }
        guard let cluster = clusters[clusterName] else {
            throw chosen?.place.error("cluster", "there is no cluster \"\(clusterName)\"")
                ?? KubeconfigError(file: files.first, field: "clusters", "there is no cluster \"\(clusterName)\"")
        }
        let userName = user ?? chosen?.user ?? ""
        let identity = userName.isEmpty ? nil : users[userName]
        guard userName.isEmpty || identity != nil else {
            throw chosen?.place.error("user", "there is no user \"\(userName)\"")
                ?? KubeconfigError(file: files.first, field: "users", "there is no user \"\(userName)\"")
        }
        let endpoint = try Self.endpoint(cluster)
        let authority = try Self.authorityFile(cluster, endpoint)
        var connection = ClusterConnection(
            name: name.isEmpty ? clusterName : name,
            endpoint: endpoint,
            tls: endpoint.isSecure ? try Self.tls(cluster, authority, identity, endpoint) : nil,
            token: try identity.flatMap { user throws(KubeconfigError) in try Self.token(user) },
            namespace: chosen?.namespace ?? "default")
        connection.authority = authority
        if let (proxy, credentials) = try Self.proxy(cluster, endpoint) {
            connection.proxy = proxy
            connection.proxyCredentials = credentials
        }
        if let identity, endpoint.isSecure {
            connection.credentials = try Self.credentials(identity, cluster, token: connection.token)
        }
        return connection
    }

    private static func proxy(
        _ cluster: Cluster, _ endpoint: HTTPEndpoint
    ) throws(KubeconfigError) -> (HTTPEndpoint, credentials: String?)? {
        guard var url = cluster.proxyURL else { return nil }
        let credentials = try takeCredentials(from: &url, cluster.place)
        let proxy: HTTPEndpoint
        do {
            proxy = try HTTPEndpoint(url: url)
        } catch {
            throw cluster.place.error("proxy-url", "\(error)")
        }
        guard !proxy.isSecure, proxy.basePath.isEmpty, endpoint.isSecure else {
            throw cluster.place.error(
                "proxy-url", "must be of the form http://HOST:PORT, before a server with https: it carries TLS as it is"
            )
        }
        return (proxy, credentials)
    }

    /// Takes `USER:PASSWORD@` out of a URL, so that nothing that shows the rest shows a secret.
    private static func takeCredentials(
        from url: inout String, _ place: Place
    ) throws(KubeconfigError) -> String? {
        guard let scheme = url.firstRange(of: "://") else { return nil }
        let authority = url[scheme.upperBound...].prefix { $0 != "/" }
        guard let at = authority.lastIndex(of: "@") else { return nil }
        // No line breaks: what is said to the proxy is lines.
        guard let credentials = PercentEncoding.decode(authority[..<at]), credentials.contains(":"),
            credentials.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
        else { throw place.error("proxy-url", "must have USER:PASSWORD, percent-encoded, before the @") }
        url.removeSubrange(authority.startIndex...at)
        return credentials
    }

    /// The file with the authorities, where it is one.
    private static func authorityFile(
        _ cluster: Cluster, _ endpoint: HTTPEndpoint
    ) throws(KubeconfigError) -> AuthorityFile? {
        guard endpoint.isSecure, case .file(let path) = cluster.certificateAuthority else { return nil }
        return try AuthorityFile(path, place: cluster.place)
    }

    /// Where credentials come from that change; nil where the kubeconfig itself holds them.
    private static func credentials(
        _ user: User, _ cluster: Cluster, token: BearerToken?
    ) throws(KubeconfigError) -> (any CredentialSource)? {
        if var exec = user.exec {
            guard user.clientCertificate == nil, user.token == nil, user.tokenFile == nil else {
                throw user.place.error("exec", "stands beside other credentials: leave one of them out")
            }
            if user.tellsCluster {
                var told: JSON = ["server": .string(cluster.server)]
                if let name = cluster.tlsServerName { told["tls-server-name"] = .string(name) }
                if let authority = cluster.certificateAuthority {
                    let text = try pem(authority, cluster.place, "certificate-authority")
                    told["certificate-authority-data"] = .string(Base64.encode(Array(text.utf8)))
                }
                exec.cluster = told
            }
            return ExecPlugin(exec, place: user.place)
        }
        guard case .file(let certificate) = user.clientCertificate, case .file(let key) = user.clientKey else {
            return nil
        }
        return CertificateFiles(certificate: certificate, key: key, token: token, place: user.place)
    }

    private func find(context name: String, isNeeded: Bool) throws(KubeconfigError) -> Context? {
        if let context = contexts[name] { return context }
        guard isNeeded || !name.isEmpty else { return nil }
        if name.isEmpty {
            throw KubeconfigError(file: files.first, field: "current-context", "is not set: choose one with --context")
        }
        let known = contexts.keys.sorted().joined(separator: ", ")
        throw KubeconfigError(
            file: files.first, field: "contexts",
            "there is no context \"\(name)\"" + (known.isEmpty ? "" : "; there is: \(known)"))
    }

    private static func endpoint(_ cluster: Cluster) throws(KubeconfigError) -> HTTPEndpoint {
        if cluster.skipsVerification {
            throw cluster.place.error(
                "insecure-skip-tls-verify",
                "a server that is not verified is refused; give its authority as certificate-authority-data instead")
        }
        guard !cluster.server.isEmpty else {
            throw cluster.place.error("server", "is missing: it must be the API server's URL")
        }
        do {
            return try HTTPEndpoint(url: cluster.server)
        } catch {
            throw cluster.place.error("server", "\(error)")
        }
    }

    private static func tls(
        _ cluster: Cluster, _ file: AuthorityFile?, _ user: User?, _ endpoint: HTTPEndpoint
    ) throws(KubeconfigError) -> TLSConfiguration {
        var trust = TLSTrust.system
        if let file {
            trust = .certificates(file.current.certificates)
        } else if let authority = cluster.certificateAuthority {
            let text = try pem(authority, cluster.place, "certificate-authority")
            do {
                trust = .certificates(try Certificate.chain(pem: text))
            } catch {
                throw cluster.place.error(field("certificate-authority", authority), "\(error)")
            }
        }
        var configuration = TLSConfiguration.client(
            trust: trust, serverName: cluster.tlsServerName ?? endpoint.host, identity: try user.flatMap(identity),
            alpn: ["http/1.1"])
        // Load balancers before managed clusters may stop at 1.2; the choice is the server's.
        configuration.minimumVersion = .tls1_2
        return configuration
    }

    private static func identity(_ user: User) throws(KubeconfigError) -> Identity? {
        switch (user.clientCertificate, user.clientKey) {
        case (nil, nil):
            return nil
        case (nil, .some):
            throw user.place.error("client-certificate", "is missing, but there is a client-key")
        case (.some, nil):
            throw user.place.error("client-key", "is missing, but there is a client-certificate")
        case (let certificate?, let key?):
            let certificates = try pem(certificate, user.place, "client-certificate")
            let keyText = try pem(key, user.place, "client-key")
            do {
                return try Identity(certificatesPEM: certificates, privateKeyPEM: keyText)
            } catch {
                throw user.place.error(field("client-certificate", certificate), "\(error)")
            }
        }
    }

    private static func token(_ user: User) throws(KubeconfigError) -> BearerToken? {
        let isProved = user.clientCertificate != nil || user.token != nil || user.tokenFile != nil
        // Impersonation changes who one is; the others are only other ways to prove it.
        if let (field, advice) = user.unsupported.sorted(by: { $0.key < $1.key }).first(where: {
            !isProved || $0.key == "as"
        }) {
            throw user.place.error(field, advice)
        }
        // The file wins, as in kubectl: it is the one that is renewed.
        if let file = user.tokenFile { return BearerToken(file: file, place: user.place) }
        return user.token.map { BearerToken($0) }
    }

    private static func pem(
        _ material: Material, _ place: Place, _ key: String
    ) throws(KubeconfigError) -> String {
        switch material {
        case .data(let bytes):
            return String(decoding: bytes, as: UTF8.self)
        case .file(let path):
            do {
                return String(decoding: try BoundedFile.read(path), as: UTF8.self)
            } catch let failure {
                throw place.error(key, "\(path) cannot be read: \(failure.problem)")
            }
        }
    }

    private static func field(_ key: String, _ material: Material) -> String {
        switch material {
        case .data: "\(key)-data"
        case .file: key
        }
    }
}
