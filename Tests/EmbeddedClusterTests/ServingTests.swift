import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesClient
import KubernetesModel
import NIOHTTP1
import TLSTransport
import TestKit
import Testing

@testable import EmbeddedCluster

@Suite("The cluster over HTTPS")
struct ServingTests {
    @Test("keeps the promises of ClusterAPI", arguments: ClusterAPIContract.promises)
    func contract(_ promise: ClusterAPIContract.Promise) async throws {
        let served = try await ServedCluster()
        let client = try served.client()
        try await ClusterAPIContract(client).check(promise)
        client.shutDown()
        await served.stop()
    }

    @Test("who brings no certificate is unauthorized, but may ask for health")
    func anonymous() async throws {
        let served = try await ServedCluster()
        let http = try served.http()
        let (status, body) = try await http.get("/api/v1/namespaces")
        #expect(status == 401)
        #expect(try JSON(parsing: body)["reason"] == "Unauthorized")
        #expect(try await http.get("/readyz").0 == 200)
        http.shutDown()
        await served.stop()
    }

    @Test("who is not an administrator is forbidden, in Kubernetes' words")
    func stranger() async throws {
        let served = try await ServedCluster()
        let identity = try served.authority().makeIdentity(
            .user("eve", groups: ["readers"]), now: Int64(WallClock.seconds()))
        let http = try served.http(identity)
        let (status, body) = try await http.get("/apis/apps/v1/namespaces/default/deployments")
        #expect(status == 403)
        #expect(
            try JSON(parsing: body)["message"]
                == """
                deployments.apps is forbidden: User "eve" cannot list resource "deployments" in API group "apps" in the \
                namespace "default"
                """)
        http.shutDown()
        await served.stop()
    }

    @Test("a list that goes out in pieces is the same as its objects one by one", arguments: [1, 60])
    func longList(count: Int) async throws {
        let served = try await ServedCluster()
        let client = try served.client()
        let text = String(repeating: "x", count: 10_000)
        for number in 0..<count {
            _ = try await client.create(
                .configMaps,
                KubernetesObject(
                    .configMaps, name: "map-\(number)", namespace: "default", ["data": ["text": .string(text)]]))
        }
        let http = try served.administrator()
        let path = "/api/v1/namespaces/default/configmaps"
        let (status, body) = try await http.get(path)
        #expect(status == 200)
        let list = try JSON(parsing: body)
        #expect(list["kind"] == "ConfigMapList")
        #expect(list["metadata", "resourceVersion"]?.string?.isEmpty == false)
        let items = try #require(list["items"]?.array)
        #expect(items.count == count)
        for item in items {
            let (_, single) = try await http.get("\(path)/\(KubernetesObject(item).name)")
            #expect(try JSON(parsing: single) == item)
        }
        http.shutDown()
        client.shutDown()
        await served.stop()
    }

    @Test("a certificate of another authority is refused")
    func foreign() async throws {
        let served = try await ServedCluster()
        let other = try CertificateAuthority.create(commonName: "other", now: Int64(WallClock.seconds()))
        let http = try served.http(try other.makeIdentity(.administrator(), now: Int64(WallClock.seconds())))
        await #expect(throws: (any Error).self) { try await http.get("/api/v1/namespaces") }
        http.shutDown()
        await served.stop()
    }

    @Test("port, keys and kubeconfig stay over a restart, and only their owner reads them")
    func restart() async throws {
        let folder = try TemporaryFolder()
        let first = try await ServedCluster(folder: folder)
        let port = first.cluster.port
        let kubeconfig = try TestFile.read(first.cluster.kubeconfigPath)
        await first.stop()
        let second = try await ServedCluster(folder: folder)
        #expect(second.cluster.port == port)
        #expect(try TestFile.read(second.cluster.kubeconfigPath) == kubeconfig)
        for name in ["admin.kubeconfig", "ca.key", "apiserver.key", "admin.key"] {
            #expect(try TestFile.mode("\(folder.path)/\(name)") == 0o600, "\(name)")
        }
        let client = try second.client()
        #expect(try await client.find(.namespaces, name: "default") != nil)
        client.shutDown()
        await second.stop()
    }

    @Test("a taken port is refused by its number")
    func takenPort() async throws {
        let first = try await ServedCluster()
        await #expect {
            try await ServedCluster(port: first.cluster.port)
        } throws: { error in
            (error as? HTTPTransportError)?.code == .addressInUse
        }
        await first.stop()
    }

    @Test("a table has columns, cells and metadata")
    func table() async throws {
        let served = try await ServedCluster()
        let http = try served.administrator()
        let (status, body) = try await http.get(
            "/api/v1/namespaces/default", accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")
        let table = try JSON(parsing: body)
        #expect(status == 200)
        #expect(table["kind"] == "Table")
        #expect(table["columnDefinitions"]?.array?.compactMap { $0["name"]?.string } == ["Name", "Status", "Age"])
        #expect(table["rows"]?[0]?["cells"]?[0] == "default")
        #expect(table["rows"]?[0]?["object", "kind"] == "PartialObjectMetadata")
        http.shutDown()
        await served.stop()
    }

    @Test("discovery says the same in both forms, and nothing when it is known already")
    func discovery() async throws {
        let served = try await ServedCluster()
        let http = try served.administrator()
        let aggregated = try JSON(
            parsing: try await http.get(
                "/apis", accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
            ).1)
        let plain = try JSON(parsing: try await http.get("/apis").1)
        let groups = aggregated["items"]?.array?.compactMap { $0["metadata", "name"]?.string }
        #expect(groups == plain["groups"]?.array?.compactMap { $0["name"]?.string })
        #expect(groups?.contains("apps") == true)
        let answer = try await http.execute(HTTPClientRequest(.GET, "/api"))
        let tag = try #require(answer.headers["ETag"].first)
        let (status, _) = try await http.send(.GET, "/api", headers: ["If-None-Match": tag])
        #expect(status == 304)
        http.shutDown()
        await served.stop()
    }

    @Test(
        "what cannot be read is refused",
        arguments: [
            ("POST", "/api/v1/namespaces", "application/json", "{\"kind\":", 400, "unexpected end of JSON input"),
            ("POST", "/api/v1/namespaces", "text/plain", "x", 415, "unknown format"),
            (
                "POST", "/api/v1/namespaces", "application/json",
                #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}"#, 400, "unrecognized"
            ),
            (
                "POST", "/api/v1/namespaces?fieldValidation=Strict", "application/json",
                #"{"metadata":{"name":"a"},"spek":{}}"#, 400, "unknown field \\\"spek\\\""
            ),
            ("POST", "/api/v1/namespaces", "application/vnd.kubernetes.protobuf", "k8s", 400, "protobuf"),
            (
                "PATCH", "/api/v1/namespaces/default", "application/merge-patch+json", "{\"spec\":", 400,
                "error decoding patch"
            ),
            ("GET", "/api/v1/flurbs", "", "", 404, "could not find the requested resource"),
            ("GET", "/api/v1/pods?fieldSelector=spec.bogus%3D1", "", "", 400, "field label not supported: spec.bogus"),
            ("GET", "/api/v1/pods?labelSelector=%3D%3D", "", "", 400, "unable to parse requirement"),
            ("GET", "/api/v1/pods?resourceVersion=99999999", "", "", 504, "Too large resource version"),
            ("PUT", "/api/v1/namespaces", "application/json", "{}", 405, "does not allow this method"),
            ("POST", "/api/v1/pods", "application/json", "{}", 405, "does not allow this method"),
            ("DELETE", "/api/v1/namespaces/default", "", "", 403, "this namespace may not be deleted"),
        ] as [(String, String, String, String, Int, String)])
    func refusals(
        _ method: String, _ target: String, _ type: String, _ body: String, _ status: Int, _ words: String
    ) async throws {
        let served = try await ServedCluster()
        let http = try served.administrator()
        let answer = try await http.send(
            .init(rawValue: method), target, headers: type.isEmpty ? [:] : ["Content-Type": type],
            body.isEmpty ? nil : body)
        #expect(answer.0 == status)
        #expect(answer.1.contains(words), "\(answer.1)")
        http.shutDown()
        await served.stop()
    }
}
