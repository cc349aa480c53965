import ClusterAPI
import Foundation
import HTTPTransport
import JSONTree
import KubernetesClient
import KubernetesModel
import NIOHTTP1
import Synchronization
import TLSTransport
import TestKit
import Testing

@Suite("Credentials that change", .timeLimit(.minutes(1)))
struct CredentialSourceTests {
    private let folder = TemporaryFolder()

    private static let pod: JSON = ["apiVersion": "v1", "kind": "Pod", "metadata": ["name": "p"]]

    private func write(_ text: String, _ name: String, mode: Int = 0o600) throws {
        let path = "\(folder.path)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    /// The credentials that a kubeconfig with this user makes.
    private func credentials(_ user: String) throws -> (any CredentialSource)? {
        try Kubeconfig(parsing: KubeconfigTests.config(user: user), file: "\(folder.path)/config").connection()
            .credentials
    }

    /// Asks a server that takes only who is named; a token or the name in a certificate.
    private func ask(
        _ source: any CredentialSource, taking accepted: [String],
        _ body: (CannedServer, KubernetesClient) async throws -> Void
    ) async throws {
        try await CannedServer.run { request in
            let token = request.headers.first(name: "authorization")?.split(separator: " ").last.map(String.init)
            let user = token ?? request.peer?.commonName ?? ""
            guard accepted.contains(user) else {
                return CannedServer.json(
                    .unauthorized, ["kind": "Status", "code": 401, "reason": "Unauthorized", "message": .string(user)])
            }
            return CannedServer.json(.ok, Self.pod)
        } configure: { _, connection in
            connection.tls?.identity = nil
            connection.credentials = source
        } test: { server, client in
            try await body(server, client)
        }
    }

    // MARK: - Credential plugins

    /// A plugin that prints `token-1`, `token-2`, and so on.
    private func plugin(status more: String = "") throws {
        try write(
            """
            #!/bin/sh
            count=$(($(cat "$COUNT" 2>/dev/null || echo 0) + 1))
            echo $count > "$COUNT"
            echo "$KUBERNETES_EXEC_INFO" > "$COUNT.info"
            echo '{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": {"token": "'$1$count'"\(more)}}'
            """, "plugin", mode: 0o700)
    }

    private var pluginUser: String {
        "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin, args: [token-], provideClusterInfo: true, env: [{name: COUNT, value: \(folder.path)/count}]}"
    }

    @Test("a plugin is asked once, and again when the server refuses its answer")
    func asked() async throws {
        try plugin()
        let source = try #require(try credentials(pluginUser))
        try await ask(source, taking: ["token-2"]) { server, client in
            for _ in 0..<3 { _ = try await client.get(.pods, namespace: "shop", name: "p") }
            let tokens = server.requests.compactMap { $0.headers.first(name: "authorization") }
            #expect(tokens == ["Bearer token-1", "Bearer token-2", "Bearer token-2", "Bearer token-2"])
        }
        let info = try JSON(parsing: String(contentsOfFile: "\(folder.path)/count.info", encoding: .utf8))
        #expect(info["spec"]?["interactive"] == false)
        #expect(info["spec"]?["cluster"]?["server"]?.string == "https://127.0.0.1:6443")
    }

    @Test("a server that knows nobody is not asked for ever")
    func unknown() async throws {
        try plugin()
        let source = try #require(try credentials(pluginUser))
        try await ask(source, taking: []) { server, client in
            let error = await #expect(throws: APIError.self) {
                try await client.get(.pods, namespace: "shop", name: "p")
            }
            #expect(error?.code == 401)
            #expect(server.requests.count == 2)
        }
    }

    @Test("a plugin whose answer has expired is asked anew")
    func expired() async throws {
        try plugin(status: #", "expirationTimestamp": "2020-01-01T00:00:00Z""#)
        let source = try #require(try credentials(pluginUser))
        #expect(try await source.current().token == "token-1")
        #expect(try await source.current().token == "token-2")
    }

    @Test(
        "what is wrong with a plugin is said with its field, and never with what it printed",
        arguments: [
            ("echo away >&2; exit 3", "failed: away"), ("echo secret", "did not print an ExecCredential"),
            (
                #"echo '{"kind": "ExecCredential", "apiVersion": "x", "status": {"token": "secret"}}'"#,
                "answered in another version"
            ),
            (
                #"echo '{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1", "status": {}}'"#,
                "gave neither a token nor a certificate"
            ),
        ])
    func broken(_ script: String, _ problem: String) async throws {
        try write("#!/bin/sh\n\(script)\n", "plugin", mode: 0o700)
        let source = try #require(try credentials(pluginUser))
        let error = try await #require(throws: KubeconfigError.self) { try await source.current() }
        #expect(error.field == "users[admin].user.exec")
        #expect(error.problem.contains(problem))
        #expect(!"\(error)".contains("secret"))
    }

    @Test("a plugin that cannot be used is refused at once")
    func refused() throws {
        let exec = "exec: {apiVersion: client.authentication.k8s.io/v1, command: a"
        for user in [
            "\(exec), interactiveMode: Always}", "\(exec)}\n    token: x", "exec: {command: a, apiVersion: v9}",
        ] {
            #expect(throws: KubeconfigError.self) { try credentials(user) }
        }
    }

    // MARK: - Files

    @Test("a token that was renewed in its file is sent when the server refuses the old one, and no more than once")
    func tokenFile() async throws {
        try write("old", "token")
        let token = try #require(
            try Kubeconfig(parsing: KubeconfigTests.config(user: "tokenFile: token"), file: "\(folder.path)/config")
                .connection().token)
        try await CannedServer.run { request in
            guard request.headers.first(name: "authorization") == "Bearer new" else {
                return CannedServer.json(.unauthorized, ["kind": "Status", "code": 401, "reason": "Unauthorized"])
            }
            return CannedServer.json(.ok, Self.pod)
        } configure: { _, connection in
            connection.token = token
        } test: { server, client in
            await #expect(throws: APIError.self) { try await client.get(.pods, namespace: "shop", name: "p") }
            #expect(server.requests.count == 1)
            try write("newer", "token")
            await #expect(throws: APIError.self) { try await client.get(.pods, namespace: "shop", name: "p") }
            #expect(server.requests.count == 3)
            try write("new", "token")
            for _ in 0..<2 { _ = try await client.get(.pods, namespace: "shop", name: "p") }
            #expect(server.requests.count == 6)
        }
    }

    @Test("a certificate that was renewed in its files is shown when the server refuses the old one")
    func certificateFiles() async throws {
        let authority = try TestCertificates.shared.get().authority
        func issue(_ user: String) throws {
            let identity = try authority.makeIdentity(.user(user), now: Int64(Date().timeIntervalSince1970))
            try write(identity.chain.map(\.pem).joined(), "user.pem")
            try write(try identity.privateKey.pem, "user.key")
        }
        try issue("old")
        let source = try #require(try credentials("{client-certificate: user.pem, client-key: user.key}"))
        try await ask(source, taking: ["new"]) { server, client in
            await #expect(throws: APIError.self) { try await client.get(.pods, namespace: "shop", name: "p") }
            try issue("new")
            for _ in 0..<2 { _ = try await client.get(.pods, namespace: "shop", name: "p") }
            #expect(server.requests.map { $0.peer?.commonName } == ["old", "old", "new", "new"])
            // While the files do not fit together the last good pair is shown.
            try write("half", "user.key")
            await source.refused(try await source.current())
            _ = try await client.get(.pods, namespace: "shop", name: "p")
        }
    }
}
