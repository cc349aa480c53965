import HTTPTransport
import TLSTransport

extension ClusterConnection {
    /// Where Kubernetes mounts what a pod's service account is given.
    public static let serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// The cluster that this process runs in as a pod, by the pod's service account.
    ///
    /// The token is read from its file again and again: Kubernetes renews it there.
    ///
    /// - Parameters:
    ///   - environment: the process's variables, of which `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT` are read.
    ///   - folder: with the files `token`, `ca.crt` and `namespace`.
    /// - Throws: ``KubeconfigError`` that says what is missing.
    public static func inCluster(
        environment: [String: String], folder: String = serviceAccountFolder
    ) throws(KubeconfigError) -> ClusterConnection {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
            let port = environment["KUBERNETES_SERVICE_PORT"].flatMap({ Int($0) }), (1...65_535).contains(port)
        else {
            throw KubeconfigError(
                "this process does not run in a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set; "
                    + "name a kubeconfig with --kubeconfig")
        }
        let token = BearerToken(file: "\(folder)/token")
        _ = try token.current()
        let authority = "\(folder)/ca.crt"
        let trust: TLSTrust
        do {
            trust = .certificates(
                try Certificate.chain(pem: String(decoding: try BoundedFile.read(authority), as: UTF8.self)))
        } catch let failure as BoundedFile.Failure {
            throw KubeconfigError(
                file: authority,
                "cannot be read: \(failure.problem); the pod needs a service account whose token is mounted")
        } catch {
            throw KubeconfigError(file: authority, "\(error)")
        }
        var tls = TLSConfiguration.client(trust: trust, serverName: host, alpn: ["http/1.1"])
        tls.minimumVersion = .tls1_2
        let namespace = (try? BoundedFile.read("\(folder)/namespace")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return ClusterConnection(
            name: "in-cluster", endpoint: HTTPEndpoint(isSecure: true, host: host, port: port), tls: tls, token: token,
            namespace: namespace.isEmpty ? "default" : namespace)
    }
}
