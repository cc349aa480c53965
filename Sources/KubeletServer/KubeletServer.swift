public import ClusterAPI
import Glibc
import HTTPTransport
import JSONTree
import KubernetesModel
public import Logging
import NIOPosix
import TLSTransport

/// The part of a kubelet's HTTPS server by which users of a real API server reach a node's pods.
///
/// Serves all nodes for which `NodeEndpoints` has somebody. Only clients with a certificate of the cluster's client authority
/// are heard, and only those whom the cluster itself allows `nodes/proxy`: `get` for logs, `create` for all else. The server's own certificate is made at each start
/// and by itself: API servers verify kubelets only where they are told to (`--kubelet-certificate-authority`).
///
/// | path | what |
/// |---|---|
/// | `/containerLogs/NAMESPACE/POD/CONTAINER` | a log, with the query of the kubelet's |
/// | `/exec/NAMESPACE/POD/CONTAINER` | a program, by WebSocket or SPDY; see `PodVisit` |
/// | `/attach/NAMESPACE/POD/CONTAINER` | the container's main program |
/// | `/portForward/NAMESPACE/POD` | connections to ports of the pod |
/// | `/healthz` | `ok` |
public final class KubeletServer: Sendable {
    private let server: HTTPServer

    /// The port that is listened on.
    public var port: Int { server.port }

    /// Who has issued the server's certificate.
    let authority: Certificate

    private init(_ server: HTTPServer, _ authority: Certificate) {
        self.server = server
        self.authority = authority
    }

    /// Listens and serves until ``close()``.
    ///
    /// - Parameters:
    ///   - host: the IP address that the API server dials.
    ///   - port: 0 lets the system choose.
    ///   - cluster: whose API server asks: the client authority, the pods, and who may ask are read there.
    /// - Throws: `APIError` where the cluster does not tell its client authority; `HTTPTransportError` where the port is taken.
    public static func start(
        host: String, port: Int, cluster: any ClusterAPI, endpoints: NodeEndpoints, logger: Logger
    ) async throws -> KubeletServer {
        let reviews = NodeProxyReviews(cluster)
        return try await start(
            host: host, port: port, cluster: cluster, endpoints: endpoints,
            allows: { try await reviews.isAllowed($0, node: $1, verb: $2) }, logger: logger)
    }

    static func start(
        host: String, port: Int, cluster: any ClusterAPI, endpoints: NodeEndpoints,
        allows: @escaping @Sendable (PeerIdentity, _ node: String, _ verb: String) async throws -> Bool, logger: Logger
    ) async throws -> KubeletServer {
        let now = Int64(time(nil))
        let authority = try CertificateAuthority.create(commonName: "causeway-kubelet", now: now)
        let identity = try authority.makeIdentity(.apiServer(dnsNames: [], ipAddresses: [host]), now: now)
        var tls = TLSConfiguration.server(
            identity: identity, clientAuthentication: .required,
            trust: .certificates(try await clientAuthority(cluster)), alpn: ["http/1.1"])
        tls.minimumVersion = .tls1_2
        let responder = KubeletResponder(
            cluster: cluster, endpoints: endpoints, allows: allows, logger: logger)
        return KubeletServer(
            try await HTTPServer.start(
                group: MultiThreadedEventLoopGroup.singleton, host: host, port: port,
                tls: TLSContextBox(try TLSContext(tls)), logger: logger, responder: responder), authority.certificate)
    }

    /// Ends what is under way within a second.
    public func close() async { await server.close(grace: .seconds(1)) }

    /// Whom the cluster's API server lets its own client certificate be issued by, as it publishes for servers beside it.
    private static func clientAuthority(_ cluster: any ClusterAPI) async throws -> [Certificate] {
        let published = try await cluster.get(
            .configMaps, namespace: "kube-system", name: "extension-apiserver-authentication")
        guard let pem = published.json["data"]?["client-ca-file"]?.string else {
            throw APIError.badRequest(
                "configmap kube-system/extension-apiserver-authentication has no client-ca-file: the API server takes no client certificates"
            )
        }
        return try Certificate.chain(pem: pem)
    }
}
