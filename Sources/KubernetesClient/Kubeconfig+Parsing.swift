import Digests
import Yams

extension Kubeconfig {
    /// Ways to authenticate that this client does not know, with what to do instead.
    private static let unsupportedUserFields = [
        "auth-provider":
            "Kubernetes itself has dropped auth providers; use a client certificate, a token or a tokenFile",
        "username": "Kubernetes has dropped basic authentication; use a client certificate or a token",
        "password": "Kubernetes has dropped basic authentication; use a client certificate or a token",
        "as": "impersonation is not supported; use the credentials of the user that you want to be",
    ]

    /// Parses the YAML or JSON of one file.
    ///
    /// - Parameters:
    ///   - text: the file's content.
    ///   - file: its path: for errors, and as the base of the relative paths in it.
    public init(parsing text: String, file: String) throws(KubeconfigError) {
        files = [file]
        let document: Node?
        do {
            document = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw Self.explain(error, file)
        } catch {
            throw KubeconfigError(file: file, "is not YAML: \(error)")
        }
        guard let document else { return }
        let root = KubeconfigNode(node: document, file: file, path: "")
        currentContext = try root.text("current-context") ?? ""
        for (name, node) in try root.entries("clusters", "cluster") where clusters[name] == nil {
            clusters[name] = try Self.cluster(node)
        }
        for (name, node) in try root.entries("users", "user") where users[name] == nil {
            users[name] = try Self.user(node)
        }
        for (name, node) in try root.entries("contexts", "context") where contexts[name] == nil {
            contexts[name] = Context(
                place: Self.place(node), cluster: try node.text("cluster") ?? "", user: try node.text("user") ?? "",
                namespace: try node.text("namespace"))
        }
    }

    private static func cluster(_ node: KubeconfigNode) throws(KubeconfigError) -> Cluster {
        Cluster(
            place: place(node),
            server: try node.text("server") ?? "",
            certificateAuthority: try material(node, "certificate-authority"),
            tlsServerName: try node.text("tls-server-name"),
            skipsVerification: try node.flag("insecure-skip-tls-verify"),
            proxyURL: try node.text("proxy-url"))
    }

    private static func user(_ node: KubeconfigNode) throws(KubeconfigError) -> User {
        var unsupported: [String: String] = [:]
        for (field, advice) in unsupportedUserFields where try node.member(field) != nil { unsupported[field] = advice }
        let exec = try node.member("exec")
        return User(
            place: place(node),
            clientCertificate: try material(node, "client-certificate"),
            clientKey: try material(node, "client-key"),
            token: try node.text("token"),
            tokenFile: try node.text("tokenFile").map { resolve($0, beside: node.file) },
            exec: try exec.map { node throws(KubeconfigError) in try execPlugin(node) },
            tellsCluster: try exec?.flag("provideClusterInfo") ?? false,
            unsupported: unsupported)
    }

    private static func execPlugin(_ node: KubeconfigNode) throws(KubeconfigError) -> ExecPlugin.Specification {
        guard let command = try node.text("command") else { throw node.error("names no command") }
        let version = try node.text("apiVersion") ?? ""
        guard ExecPlugin.versions.contains(version) else {
            throw node.error(
                "apiVersion \"\(version)\" is not supported; there are \(ExecPlugin.versions.joined(separator: " and "))"
            )
        }
        if try node.text("interactiveMode") == "Always" {
            throw node.error("interactiveMode Always is not supported: this program has no terminal to offer")
        }
        var environment: [String: String] = [:]
        for variable in try node.elements("env") {
            guard let name = try variable.text("name") else { throw variable.error("has no name") }
            environment[name] = try variable.text("value") ?? ""
        }
        return ExecPlugin.Specification(
            // As kubectl: a path with a slash counts from the kubeconfig's folder, a name is looked for in PATH.
            command: command.contains("/") ? resolve(command, beside: node.file) : command,
            arguments: try node.elements("args").map { argument throws(KubeconfigError) in try argument.scalar() },
            environment: environment, apiVersion: version, installHint: try node.text("installHint"))
    }

    /// The `-data` field wins over the path, as in kubectl.
    private static func material(_ node: KubeconfigNode, _ key: String) throws(KubeconfigError) -> Material? {
        if let text = try node.text("\(key)-data") {
            // YAML folds long texts; base 64 itself has no blanks.
            guard let bytes = Base64.decode(text.filter { !$0.isWhitespace }) else {
                throw try node.member("\(key)-data")?.error("is not base 64") ?? node.error("is not base 64")
            }
            return .data(bytes)
        }
        return try node.text(key).map { .file(resolve($0, beside: node.file)) }
    }

    private static func place(_ node: KubeconfigNode) -> Place {
        Place(file: node.file, line: node.node.mark?.line, field: node.path)
    }

    /// Relative paths count from the folder of the file that holds them.
    private static func resolve(_ path: String, beside file: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return file[...slash] + path
    }

    private static func explain(_ error: YamlError, _ file: String) -> KubeconfigError {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            KubeconfigError(file: file, line: mark.line, "is not YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, _):
            KubeconfigError(file: file, "has the key \"\(duplicates.first ?? "")\" twice in one mapping")
        default:
            KubeconfigError(file: file, "is not YAML")
        }
    }
}
