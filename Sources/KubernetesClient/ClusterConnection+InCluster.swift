import HTTPTransport
import TLSTransport

extension ClusterConnection {
    /// Where Kubernetes mounts what a pod's service account is given.
    public static let serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// The cluster that this process runs in as a pod, by the pod's service account.
    ///
    /// Token and authority are read from their files again and again: Kubernetes renews them there.
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
        let authority = try AuthorityFile("\(folder)/ca.crt", place: nil)
        var tls = TLSConfiguration.client(
            trust: .certificates(authority.current.certificates), serverName: host, alpn: ["http/1.1"])
        tls.minimumVersion = .tls1_2
        let namespace = (try? BoundedFile.read("\(folder)/namespace")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        var connection = ClusterConnection(
            name: "in-cluster", endpoint: HTTPEndpoint(isSecure: true, host: host, port: port), tls: tls, token: token,
            namespace: namespace.isEmpty ? "default" : namespace)
        connection.authority = authority
        return connection
    }
}
