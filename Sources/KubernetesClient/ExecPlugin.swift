import Glibc
import JSONTree
import KubernetesModel
import Subprocess
import TLSTransport

/// A program that gives credentials (`users[].user.exec`, `client.authentication.k8s.io`), as clouds bring them.
///
/// It is run when a credential is needed first, again when that has expired, and when the server refuses it; never two at once.
/// It gets no terminal and no standard input.
actor ExecPlugin: CredentialSource {
    /// What a kubeconfig says of it.
    struct Specification: Sendable, Hashable {
        let command: String
        let arguments: [String]
        let environment: [String: String]
        let apiVersion: String
        let installHint: String?
        /// What the program is told of the cluster, where it wants to know.
        var cluster: JSON?
    }

    static let versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]

    /// How long the program may take: a person may have to log in elsewhere meanwhile.
    private static let patience: Duration = .seconds(60)
    private static let largestAnswer = 1 << 20

    private let specification: Specification
    private let place: Kubeconfig.Place
    private let now: @Sendable () -> Int
    private var held: (credential: ClientCredential, expires: Int?)?
    private var generation = 0
    private var running: Task<ClientCredential, any Error>?

    init(
        _ specification: Specification, place: Kubeconfig.Place, now: @escaping @Sendable () -> Int = { Int(time(nil)) }
    ) {
        self.specification = specification
        self.place = place
        self.now = now
    }

    func current() async throws -> ClientCredential {
        if let held, held.expires.map({ $0 > now() }) ?? true { return held.credential }
        if let running { return try await running.value }
        let task = Task { try await self.renew() }
        running = task
        defer { running = nil }
        return try await task.value
    }

    func refused(_ credential: ClientCredential) {
        if held?.credential.generation == credential.generation { held = nil }
    }

    private func renew() async throws -> ClientCredential {
        let answer = try await ask()
        var (credential, expires) = try read(answer)
        generation += 1
        credential.generation = generation
        held = (credential, expires)
        return credential
    }

    private func error(_ problem: String) -> KubeconfigError {
        place.error("exec", "\(specification.command): \(problem)")
    }

    private func ask() async throws -> String {
        var info: JSON = [
            "apiVersion": .string(specification.apiVersion), "kind": "ExecCredential", "spec": ["interactive": false],
        ]
        if let cluster = specification.cluster { info["spec", "cluster"] = cluster }
        var changes: [Environment.Key: String?] = ["KUBERNETES_EXEC_INFO": info.text()]
        for (name, value) in specification.environment { changes[Environment.Key(stringLiteral: name)] = value }
        let (command, environment) = (specification, Environment.inherit.updating(changes))
        let result = try await withThrowingTaskGroup(of: (Bool, String, String)?.self) { group in
            group.addTask {
                // By `env`, which finds names in PATH and takes paths as they are.
                let result = try await run(
                    .name("env"), arguments: Arguments([command.command] + command.arguments), environment: environment,
                    output: .string(limit: Self.largestAnswer), error: .string(limit: 64 * 1024))
                return (result.terminationStatus.isSuccess, result.standardOutput, result.standardError)
            }
            group.addTask {
                try await Task.sleep(for: Self.patience)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let (isSuccess, output, complaint) = result else {
            throw error("gave no credential within \(Self.patience.components.seconds) s")
        }
        guard isSuccess else {
            let said = complaint.split(whereSeparator: \.isNewline).suffix(3).joined(separator: " ").prefix(500)
            throw error("failed\(said.isEmpty ? "" : ": \(said)")\(specification.installHint.map { "; \($0)" } ?? "")")
        }
        return output
    }

    /// Nothing of the answer goes into an error: it is secret.
    private func read(_ answer: String) throws -> (ClientCredential, expires: Int?) {
        guard let json = try? JSON(parsing: answer), json["kind"]?.string == "ExecCredential" else {
            throw error("did not print an ExecCredential")
        }
        guard json["apiVersion"]?.string == specification.apiVersion else {
            throw error("answered in another version than \(specification.apiVersion), which the kubeconfig asks for")
        }
        let status = json["status"]
        var credential = ClientCredential(token: status?["token"]?.string)
        switch (status?["clientCertificateData"]?.string, status?["clientKeyData"]?.string) {
        case (nil, nil): break
        case (let certificate?, let key?):
            guard let identity = try? Identity(certificatesPEM: certificate, privateKeyPEM: key) else {
                throw error("gave a certificate and a key that do not fit together")
            }
            credential.identity = identity
        default: throw error("gave only one of clientCertificateData and clientKeyData")
        }
        guard credential.token != nil || credential.identity != nil else {
            throw error("gave neither a token nor a certificate")
        }
        return (credential, status?["expirationTimestamp"]?.string.flatMap(Timestamp.seconds))
    }
}
