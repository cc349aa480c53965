import Digests
import Glibc
import HTTPTransport
import KubernetesClient
import TLSTransport
import Testing

@Suite struct KubeconfigTests {
    /// A folder that is removed at the end of the body.
    static func withFolder<Value>(_ body: (String) throws -> Value) throws -> Value {
        var template = Array("/tmp/kubeconfig-test-XXXXXX".utf8CString)
        let path = try #require(mkdtemp(&template).map { String(cString: $0) })
        defer {
            for name in ["a", "b", "ca.pem", "user.pem", "user.key", "token", ".kube/config"] {
                unlink("\(path)/\(name)")
            }
            rmdir("\(path)/.kube")
            rmdir(path)
        }
        return try body(path)
    }

    static func write(_ text: String, to path: String) throws {
        let file = try #require(fopen(path, "w"))
        fputs(text, file)
        fclose(file)
    }

    static func config(
        server: String = "server: https://127.0.0.1:6443", user: String = "token: secret", extra: String = ""
    ) -> String {
        """
        apiVersion: v1
        kind: Config
        current-context: home
        preferences: {}
        clusters:
        - name: home
          cluster:
            \(server)
        contexts:
        - name: home
          context: {cluster: home, user: admin, namespace: demo}
        users:
        - name: admin
          user:
            \(user)
        \(extra)
        """
    }

    @Test("a token and the system's authorities")
    func token() throws {
        let connection = try Kubeconfig(parsing: Self.config(), file: "/x/config").connection()
        #expect(connection.name == "home")
        #expect(connection.endpoint == HTTPEndpoint(isSecure: true, host: "127.0.0.1", port: 6443))
        #expect(connection.namespace == "demo")
        #expect(try connection.token?.current() == "secret")
        #expect(connection.tls?.trust == .system)
        #expect(connection.tls?.serverName == "127.0.0.1")
        #expect(connection.tls?.identity == nil)
        let token = try #require(connection.token)
        #expect(!"\(token)".contains("secret"))
    }

    @Test("certificates as data and as files beside the kubeconfig", arguments: [true, false])
    func certificates(asData: Bool) throws {
        let certificates = try TestCertificates.shared.get()
        let authority = certificates.authority.certificate.pem
        let identity = certificates.clientIdentity
        let key = try identity.privateKey.pem
        let trust = TLSTrust.certificates([certificates.authority.certificate])
        try Self.withFolder { folder in
            let text: String
            if asData {
                text = Self.config(
                    server: """
                        server: https://example.org
                            tls-server-name: api.internal
                            certificate-authority-data: \(Base64.encode(authority.utf8))
                        """,
                    user: """
                        client-certificate-data: \(Base64.encode(identity.certificatesPEM.utf8))
                            client-key-data: \(Base64.encode(key.utf8))
                        """)
            } else {
                try Self.write(authority, to: "\(folder)/ca.pem")
                try Self.write(identity.certificatesPEM, to: "\(folder)/user.pem")
                try Self.write(key, to: "\(folder)/user.key")
                text = Self.config(
                    server:
                        "{server: https://example.org, tls-server-name: api.internal, certificate-authority: ca.pem}",
                    user: "{client-certificate: user.pem, client-key: \(folder)/user.key}")
            }
            try Self.write(text, to: "\(folder)/a")
            let connection = try Kubeconfig.load(path: "\(folder)/a", environment: [:]).connection()
            #expect(connection.tls?.trust == trust)
            #expect(connection.tls?.identity?.leaf == identity.leaf)
            #expect(connection.tls?.serverName == "api.internal")
            #expect(connection.token == nil)
        }
    }

    @Test("a token file is read when it is needed, and wins over a token")
    func tokenFile() throws {
        try Self.withFolder { folder in
            try Self.write(Self.config(user: "{token: old, tokenFile: token}"), to: "\(folder)/a")
            let connection = try Kubeconfig.load(path: "\(folder)/a", environment: [:]).connection()
            let error = try #require(throws: KubeconfigError.self) { try connection.token?.current() }
            #expect(error.field == "users[admin].user.tokenFile")
            #expect(error.description.contains("\(folder)/token cannot be read: No such file"))
            try Self.write("fresh\n", to: "\(folder)/token")
            #expect(try connection.token?.current() == "fresh")
        }
    }

    @Test("KUBECONFIG may list files: missing ones are skipped, the first to say something wins")
    func merging() throws {
        try Self.withFolder { folder in
            let other = """
                current-context: other
                clusters:
                - {name: home, cluster: {server: "https://second:1"}}
                - {name: away, cluster: {server: "https://away:2"}}
                contexts:
                - {name: away, context: {cluster: away, user: admin}}
                """
            try Self.write(Self.config(), to: "\(folder)/a")
            try Self.write(other, to: "\(folder)/b")
            let variable = "\(folder)/missing:\(folder)/a::\(folder)/b"
            let config = try Kubeconfig.load(path: nil, environment: ["KUBECONFIG": variable])
            #expect(config.files == ["\(folder)/a", "\(folder)/b"])
            #expect(try config.connection().endpoint.port == 6443)
            let away = try config.connection(context: "away")
            #expect(away.endpoint.host == "away")
            #expect(away.namespace == "default")
            #expect(try away.token?.current() == "secret")
            #expect(try config.connection(cluster: "away").endpoint.host == "away")

            let error = try #require(throws: KubeconfigError.self) {
                try Kubeconfig.load(path: nil, environment: ["KUBECONFIG": "\(folder)/missing", "HOME": folder])
            }
            #expect(error.description.contains("\(folder)/missing"))
        }
    }

    @Test("without --kubeconfig and KUBECONFIG it is ~/.kube/config; an explicit file counts alone")
    func home() throws {
        try Self.withFolder { folder in
            #expect(throws: KubeconfigError.self) { try Kubeconfig.load(path: nil, environment: ["HOME": folder]) }
            mkdir("\(folder)/.kube", 0o700)
            try Self.write(Self.config(), to: "\(folder)/.kube/config")
            #expect(try Kubeconfig.load(path: nil, environment: ["HOME": folder]).currentContext == "home")
            #expect(throws: KubeconfigError.self) {
                try Kubeconfig.load(
                    path: "\(folder)/a", environment: ["HOME": folder, "KUBECONFIG": "\(folder)/.kube/config"])
            }
        }
    }

    @Test(
        "what is wrong is named with file, line, field and advice",
        arguments: [
            (
                config(user: "exec: {command: aws}"),
                "/x/config:15: users[admin].user.exec: apiVersion \"\" is not supported"
            ),
            (config(user: "{username: a, password: b}"), "users[admin].user.password: Kubernetes has dropped basic"),
            (config(user: "{token: a, as: b}"), "users[admin].user.as: impersonation is not supported"),
            (config(user: "client-key-data: '*'"), "/x/config:15: users[admin].user.client-key-data: is not base 64"),
            (config(user: "client-key-data: aGk="), "users[admin].user.client-certificate: is missing"),
            (
                config(user: "{client-certificate: /x/none, client-key: /x/none}"),
                "users[admin].user.client-certificate: /x/none cannot be read"
            ),
            (
                config(user: "{client-certificate-data: aGk=, client-key-data: aGk=}"),
                "users[admin].user.client-certificate-data: "
            ),
            (config(user: "token: [a]"), "/x/config:15: users[admin].user.token: must be a text"),
            (config(server: "insecure-skip-tls-verify: false"), "clusters[home].cluster.server: is missing"),
            (
                config(server: "{server: ftp://x}"),
                "clusters[home].cluster.server: \"ftp://x\" is not a server's URL: only https and http"
            ),
            (
                config(server: "{server: https://x, insecure-skip-tls-verify: true}"),
                "clusters[home].cluster.insecure-skip-tls-verify: "
            ),
            (config(server: "{server: https://x, insecure-skip-tls-verify: 3}"), "must be true or false"),
            (config(server: "{server: https://x, proxy-url: https://p}"), "clusters[home].cluster.proxy-url: "),
            (
                config(server: "{server: https://x, certificate-authority-data: aGk=}"),
                "clusters[home].cluster.certificate-authority-data: "
            ),
            ("current-context: away", "/x/config: contexts: there is no context \"away\""),
            ("clusters: []", "current-context: is not set"),
            ("", "current-context: is not set"),
            (
                "current-context: a\ncontexts:\n- {name: a, context: {cluster: b}}",
                "contexts[a].context.cluster: there is no cluster \"b\""
            ),
            (
                "current-context: a\nclusters: [{name: b, cluster: {server: https://x}}]\ncontexts: [{name: a, context: {cluster: b, user: c}}]",
                "contexts[a].context.user: there is no user \"c\""
            ),
            ("- a", "must be a mapping"),
            ("clusters: 3", "/x/config:1: clusters: must be a list"),
            ("clusters: [{cluster: {}}]", "clusters[0]: has no name"),
            ("a: [", "is not YAML"),
            ("a: 1\na: 2", "/x/config: has the key \"a\" twice"),
        ])
    func wrong(text: String, message: String) throws {
        let error = try #require(throws: KubeconfigError.self) {
            _ = try Kubeconfig(parsing: text, file: "/x/config").connection()
        }
        #expect(error.description.contains(message))
    }
}
