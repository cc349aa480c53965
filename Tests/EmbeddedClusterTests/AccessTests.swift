import HTTPTransport
import JSONTree
import KubernetesModel
import NIOHTTP1
import TLSTransport
import TestKit
import Testing

@testable import EmbeddedCluster

/// Who is let in, and what the others are told.
@Suite("Access to the API")
struct AccessTests {
    private static var now: Int64 { Int64(WallClock.seconds()) }

    @Test("listens on loopback unless told otherwise")
    func loopback() async throws {
        #expect(ClusterConfiguration(name: "x", stateFolder: "/x").host == "127.0.0.1")
        let served = try await ServedCluster()
        #expect(served.cluster.address.hasPrefix("https://127.0.0.1:"))
        await served.stop()
    }

    @Test(
        "without a certificate only the probes and the version answer, as in Kubernetes; all else is 401",
        arguments: [
            ("GET", "/livez", 200), ("GET", "/readyz", 200), ("GET", "/healthz", 200), ("GET", "/readyz?verbose", 200),
            ("GET", "/version", 200), ("HEAD", "/version", 200), ("GET", "/", 401), ("GET", "/api", 401),
            ("GET", "/apis", 401), ("GET", "/openapi/v3", 401), ("GET", "/api/v1/secrets", 401),
            ("GET", "/api/v1/secrets?watch=true", 401), ("GET", "/metrics", 401), ("GET", "/nonsense", 401),
            ("POST", "/api/v1/namespaces", 401), ("DELETE", "/api/v1/namespaces/default", 401),
            ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", 401), ("POST", "/version", 401),
            ("GET", "/api/v1/namespaces/default/pods/x/exec", 401), ("OPTIONS", "/api/v1/pods", 401),
        ])
    func anonymous(_ method: String, _ target: String, _ status: Int) async throws {
        let served = try await ServedCluster()
        let http = try served.http()
        let answer = try await http.send(HTTPMethod(rawValue: method), target, method == "POST" ? "{}" : nil)
        #expect(answer.0 == status, "\(answer.1)")
        if status == 401 {
            let body = try JSON(parsing: answer.1)
            #expect(body["kind"] == "Status")
            #expect(body["reason"] == "Unauthorized")
        }
        http.shutDown()
        await served.stop()
    }

    @Test(
        "a certificate without the administrators' group is forbidden everything but to ask who it is, in Kubernetes' words",
        arguments: [
            (
                "GET", "/api/v1/namespaces/shop/pods/web",
                "pods \"web\" is forbidden: User \"eve\" cannot get resource \"pods\" in API group \"\" in the namespace \"shop\""
            ),
            (
                "GET", "/api/v1/nodes",
                "nodes is forbidden: User \"eve\" cannot list resource \"nodes\" in API group \"\" at the cluster scope"
            ),
            (
                "GET", "/api/v1/secrets?watch=1",
                "secrets is forbidden: User \"eve\" cannot watch resource \"secrets\" in API group \"\" at the cluster scope"
            ),
            (
                "POST", "/apis/apps/v1/namespaces/shop/deployments",
                "deployments.apps is forbidden: User \"eve\" cannot create resource \"deployments\" in API group \"apps\" "
                    + "in the namespace \"shop\""
            ),
            (
                "DELETE", "/api/v1/namespaces/shop/pods",
                "pods is forbidden: User \"eve\" cannot deletecollection resource \"pods\" in API group \"\" in the "
                    + "namespace \"shop\""
            ),
            ("GET", "/apis", "forbidden: User \"eve\" cannot get path \"/apis\""),
        ])
    func forbidden(_ method: String, _ target: String, _ message: String) async throws {
        let served = try await ServedCluster()
        let http = try served.http(
            try served.authority().makeIdentity(.user("eve", groups: ["readers"]), now: Self.now))
        let answer = try await http.send(HTTPMethod(rawValue: method), target, method == "POST" ? "{}" : nil)
        #expect(answer.0 == 403)
        #expect(try JSON(parsing: answer.1)["message"]?.string == message)
        http.shutDown()
        await served.stop()
    }

    @Test("certificates that are over, of others, or for servers are refused in the handshake")
    func refused() async throws {
        let served = try await ServedCluster()
        let authority = try served.authority()
        let twin = try CertificateAuthority.create(commonName: authority.certificate.subject.commonName, now: Self.now)
        let month: Int64 = 30 * 24 * 3600
        let identities = [
            try authority.makeIdentity(.administrator(validity: 3600), now: Self.now - month),
            try twin.makeIdentity(.administrator(), now: Self.now),
            try authority.makeIdentity(.apiServer(dnsNames: ["localhost"], ipAddresses: []), now: Self.now),
        ]
        for identity in identities {
            let http = try served.http(identity)
            await #expect(throws: (any Error).self, "\(identity.leaf)") { try await http.get("/readyz") }
            http.shutDown()
        }
        await served.stop()
    }

    @Test("a refused client does not keep its connection")
    func closed() async throws {
        let served = try await ServedCluster()
        let tls = TLSConfiguration.client(
            trust: .certificates([try served.authority().certificate]), serverName: "127.0.0.1")
        let connection = try await RawConnection.connect(
            port: served.cluster.port, tls: TLSContextBox(try TLSContext(tls)))
        try await connection.send("GET /api/v1/secrets HTTP/1.1\r\nHost: x\r\n\r\n")
        let text = try await connection.receivedUntilClosed()
        #expect(text.hasPrefix("HTTP/1.1 401 "))
        await served.stop()
    }
}
