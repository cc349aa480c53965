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
            (
                "PATCH", "/api/v1/namespaces/default?fieldValidation=Strict", "application/merge-patch+json",
                #"{"spek":{}}"#, 422, #"strict decoding error: unknown field \"spek\""#
            ),
            (
                "PATCH", "/api/v1/namespaces/default?fieldValidation=Strict", "application/strategic-merge-patch+json",
                #"{"spek":{"a":[1,true]}}"#, 422, #"patch: Invalid value: \"map[spek:map[a:[1 true]]]\""#
            ),
            (
                "PATCH", "/api/v1/namespaces/default?fieldValidation=Strict", "application/merge-patch+json",
                #"{"metadata":{"labels":{"a":"1","a":"2"}}}"#, 422, #"duplicate field \"metadata.labels.a\""#
            ),
            (
                "PATCH", "/api/v1/namespaces/default", "application/merge-patch+json", #"{"metadata":{"labels":1}}"#,
                422, "json: cannot unmarshal"
            ),
            (
                "PATCH", "/api/v1/namespaces/default", "application/strategic-merge-patch+json",
                #"{"metadata":{"labels":1}}"#, 422, "cannot restore map from int64"
            ),
            (
                "PATCH", "/api/v1/namespaces/default", "application/json-patch+json",
                "[" + Array(repeating: "{}", count: 10_001).joined(separator: ",") + "]", 413,
                "The allowed maximum operations in a JSON patch is 10000, got 10001"
            ),
            (
                "PATCH", "/api/v1/namespaces/default", "application/json-patch+json",
                #"[{"op":"test","path":"/metadata/name","value":"x"}]"#, 422, #""details":{}"#
            ),
            ("POST", "/api/v1/namespaces", "application/yaml", "metadata: {name: a", 400, "Namespace in version"),
            ("GET", "/api/v1/flurbs", "", "", 404, "could not find the requested resource"),
            ("GET", "/api/v1/pods?fieldSelector=spec.bogus%3D1", "", "", 400, "field label not supported: spec.bogus"),
            (
                "GET", "/api/v1/pods?labelSelector=%3D%3D", "", "", 400,
                "found '==', expected: !, identifier, or 'end of string'"
            ),
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

    @Test("bodies may be YAML")
    func yaml() async throws {
        let requests = try await HTTPRequests()
        let path = "/api/v1/namespaces/default/configmaps"
        let made = try await requests.send(
            .POST, path, "metadata:\n  name: a\ndata:\n  x: \"1\"\n", type: "application/yaml")
        #expect(made.0 == 201, "\(made.1)")
        let changed = try await requests.send(
            .PUT, "\(path)/a", "metadata: {name: a}\ndata: {x: 'two'}", type: "application/yaml")
        #expect(try JSON(parsing: changed.1)["data"] == ["x": "two"])
        #expect(try await requests.send(.DELETE, "\(path)/a", "dryRun: [All]", type: "application/yaml").0 == 200)
        #expect(try await requests.get("\(path)/a").0 == 200)
        await requests.stop()
    }

    @Test("metadata alone, and rows with their objects, tell whose the fields are")
    func managedFields() async throws {
        let requests = try await HTTPRequests()
        let path = "/api/v1/namespaces/default/configmaps"
        let body = #"{"metadata":{"name":"a"},"data":{"x":"1"}}"#
        #expect(try await requests.send(.POST, "\(path)?fieldManager=me", body).0 == 201)
        let metadata = try JSON(
            parsing: try await requests.get(
                "\(path)/a", accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
            ).1)
        #expect(metadata["metadata", "managedFields"]?[0]?["manager"] == "me")
        let table = try JSON(
            parsing: try await requests.get(
                "\(path)/a?includeObject=Object", accept: "application/json;as=Table;g=meta.k8s.io;v=v1"
            ).1)
        #expect(table["rows"]?[0]?["object"]?["metadata"]?["managedFields"]?[0]?["manager"] == "me")
        await requests.stop()
    }

    @Test("OpenAPI v2 is JSON unless a client asks for protobuf, and nothing else")
    func openAPIVersion2() async throws {
        let requests = try await HTTPRequests()
        for accept in ["application/json", "*/*", "text/plain, application/json;q=0.5"] {
            let (status, body) = try await requests.get("/openapi/v2", accept: accept)
            #expect(status == 200)
            let document = try JSON(parsing: body)
            #expect(document["paths"]?["/api/v1/namespaces/{namespace}/pods/{name}"]?["patch"] != nil)
            #expect(document["definitions"]?["io.k8s.api.core.v1.Pod"] != nil)
        }
        let (status, _) = try await requests.get(
            "/openapi/v2", accept: "application/com.github.proto-openapi.spec.v2@v1.0+protobuf")
        #expect(status == 200)
        #expect(try await requests.get("/openapi/v2", accept: "text/html").0 == 406)
        let scale = try await requests.get("/openapi/v3/apis/autoscaling/v1").1
        #expect(try JSON(parsing: scale)["components"]?["schemas"]?["io.k8s.api.autoscaling.v1.Scale"] != nil)
        #expect(try await requests.get("/apis/autoscaling/v1").0 == 404)
        await requests.stop()
    }

    @Test("a scale has a table of its own")
    func scaleTable() async throws {
        let requests = try await HTTPRequests()
        let path = "/apis/apps/v1/namespaces/default/replicasets"
        let body = """
            {"metadata":{"name":"r"},"spec":{"replicas":2,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":\
            {"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"busybox"}]}}}}
            """
        #expect(try await requests.send(.POST, path, body).0 == 201)
        let table = try JSON(
            parsing: try await requests.get(
                "\(path)/r/scale", accept: "application/json;as=Table;g=meta.k8s.io;v=v1"
            ).1)
        #expect(
            table["columnDefinitions"]?.array?.compactMap { $0["name"]?.string }
                == ["Name", "Desired", "Available", "Age"])
        #expect(table["rows"]?[0]?["cells"]?.array?.prefix(3) == ["r", 2, 0])
        await requests.stop()
    }

    @Test("everybody may ask what they may do")
    func rules() async throws {
        let served = try await ServedCluster()
        let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
        let everything: JSON = ["verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]]
        let headers: HTTPHeaders = ["Content-Type": "application/json"]
        let administrator = try served.administrator()
        let mine = try await administrator.send(.POST, path, headers: headers, #"{"spec":{"namespace":"default"}}"#)
        #expect(mine.0 == 201)
        #expect(try JSON(parsing: mine.1)["status"]?["resourceRules"]?.array?.first == everything)
        let identity = try served.authority().makeIdentity(
            .user("eve", groups: ["readers"]), now: Int64(WallClock.seconds()))
        let eve = try served.http(identity)
        let hers = try await eve.send(.POST, path, headers: headers, #"{"spec":{"namespace":"default"}}"#)
        let rules = try JSON(parsing: hers.1)["status"]?["resourceRules"]?.array
        #expect(rules?.contains(everything) == false)
        #expect(rules?.count == 3)
        administrator.shutDown()
        eve.shutDown()
        await served.stop()
    }

    @Test("the root lists where a look around may start, and resources tell their stored version")
    func root() async throws {
        let requests = try await HTTPRequests()
        let paths = try JSON(parsing: try await requests.get("/").1)["paths"]?.strings ?? []
        #expect(Set(["/api/v1", "/apis/apps/v1", "/openapi/v2", "/readyz"]).isSubset(of: paths))
        let apps = try JSON(parsing: try await requests.get("/apis/apps/v1").1)
        let deployments = apps["resources"]?.array?.first { $0["name"] == "deployments" }
        // The first eight bytes of the SHA-256 of "apps/v1/Deployment".
        #expect(deployments?["storageVersionHash"] == "8aSe+NMegvE=")
        await requests.stop()
    }
}
