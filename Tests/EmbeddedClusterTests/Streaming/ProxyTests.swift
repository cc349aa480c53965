import ClusterAPI
import HTTPTransport
import JSONTree
import KubernetesModel
import NIOHTTP1
import Synchronization
import Testing

@testable import EmbeddedCluster

/// A node whose pods answer with text on port 8080 and with nothing sensible on port 9; it remembers what it was asked.
private final class AnsweringNode: NodeEndpoint {
    let asked = Mutex<[String]>([])

    func podLogs(_ pod: KubernetesObject, _ options: LogOptions) async throws -> AsyncThrowingStream<[UInt8], any Error>
    { throw APIError.internalError("no logs here") }

    func forward(_ pod: KubernetesObject, port: Int, _ client: ByteStreams) async throws {
        guard port != 7 else {
            throw APIError(code: 500, reason: .internalError, message: "failed to connect to localhost:\(port)")
        }
        let request = String(decoding: try await client.receive() ?? [], as: UTF8.self)
        asked.withLock { $0.append(request) }
        let answer =
            port == 8080
            ? "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\nLocation: /there\r\nX-Pod: \(pod.name)\r\n\r\n"
                + "5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n"
            : "220 smtp ready\r\n\r\n"
        for byte in answer.utf8 { try await client.send([byte]) }
        try await client.send([])
    }
}

@Suite("Proxied requests")
struct ProxyTests {
    private static let base = "/api/v1/namespaces/default"

    /// A cluster with a pod on a node of its own, and a service before it.
    private func cluster() async throws -> (ServedCluster, HTTPClient, AnsweringNode) {
        let served = try await ServedCluster()
        let node = AnsweringNode()
        served.cluster.nodeEndpoints["n1"] = node
        let http = try served.administrator()
        for (path, body) in [
            (
                "pods",
                #"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web"},"spec":{"nodeName":"n1","containers":"#
                    + #"[{"name":"a","image":"i","ports":[{"containerPort":8080,"name":"http"}]}]}}"#
            ),
            (
                "services",
                #"{"kind":"Service","apiVersion":"v1","metadata":{"name":"web"},"spec":{"ports":[{"port":80,"name":"p"}]}}"#
            ),
            (
                "endpoints",
                #"{"kind":"Endpoints","apiVersion":"v1","metadata":{"name":"web"},"subsets":[{"addresses":[{"ip":"10.0.0.1","#
                    + #""targetRef":{"kind":"Pod","name":"web"}}],"ports":[{"name":"p","port":8080}]}]}"#
            ),
        ] {
            let (status, answer) = try await http.send(
                .POST, "\(Self.base)/\(path)", headers: ["Content-Type": "application/json"], body)
            #expect(status == 201, "\(answer)")
        }
        return (served, http, node)
    }

    @Test(
        "a request reaches the pod with its path, its query and its body, and the answer comes back without the framing",
        arguments: [
            "pods/web", "pods/web:8080", "pods/web:http", "pods/http:web:8080", "services/web:p", "services/web:80",
            "services/http:web:p",
        ])
    func answered(_ place: String) async throws {
        let (served, http, node) = try await cluster()
        let (status, body) = try await http.send(
            .POST, "\(Self.base)/\(place)/proxy/a/b%2Fc/?q=1", headers: ["Authorization": "Bearer x", "X-Own": "y"],
            "body")
        #expect(status == 202)
        #expect(body == "hello!")
        let request = try #require(node.asked.withLock { $0.first })
        #expect(request.hasPrefix("POST /a/b%2Fc/?q=1 HTTP/1.1\r\n"))
        #expect(request.contains("X-Own: y\r\n") && request.contains("Content-Length: 4\r\n"))
        #expect(request.hasSuffix("\r\n\r\nbody"))
        #expect(!request.contains("Bearer"))
        http.shutDown()
        await served.stop()
    }

    @Test("who cannot be reached, or speaks something else, is told of with 503; what is not there with 404")
    func refused() async throws {
        let (served, http, _) = try await cluster()
        for (place, status, words) in [
            ("pods/web:7/proxy/", 503, "error trying to reach service: "),
            ("pods/web:9/proxy/", 503, "does not speak HTTP"),
            ("services/web:81/proxy/", 503, "no service port 81 found"),
            ("services/web/proxy/", 503, "no endpoints available for service"), ("pods/none/proxy/", 404, "not found"),
            ("pods/https:web:1/proxy/", 400, "https"), ("pods/web:/proxy/x", 202, "hello!"),
            ("configmaps/x/proxy/", 404, ""),
        ] {
            let (found, body) = try await http.get("\(Self.base)/\(place)")
            #expect(found == status && body.contains(words), "\(place): \(found) \(body)")
        }
        #expect(try await http.get("\(Self.base)/pods/web/proxy").0 == 301)
        http.shutDown()
        await served.stop()
    }

    @Test(
        "an answer is read however its bytes come",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", "abc", true),
            ("HTTP/1.0 200 OK\r\n\r\nabc", "abc", false),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", "", true),
            ("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nX: y\r\n\r\n", "abc", true),
        ])
    func framing(_ text: String, _ body: String, _ endsItself: Bool) throws {
        let bytes = Array(text.utf8)
        for split in 0...bytes.count {
            var answer = ProxiedAnswer(isBodiless: false)
            var read: [UInt8] = []
            var hasHead = false
            for part in [bytes[..<split], bytes[split...]] {
                if hasHead {
                    read += try answer.body(Array(part))
                } else if try answer.head(Array(part)) != nil {
                    hasHead = true
                    read += try answer.body([])
                }
            }
            #expect(answer.isComplete == endsItself)
            try answer.end()
            #expect(String(decoding: read, as: UTF8.self) == body, "split at \(split)")
        }
    }

    @Test(
        "an answer that breaks off or makes no sense is refused",
        arguments: [
            "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", "HTTP/1.1 200 OK\r\n", "nonsense\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "HTTP/1.1 200 OK\r\nA\u{1}: b\r\n\r\n",
        ])
    func broken(_ text: String) {
        #expect(throws: ProxiedAnswer.Malformed.self) {
            var answer = ProxiedAnswer(isBodiless: false)
            _ = try answer.head(Array(text.utf8))
            _ = try answer.body([])
            try answer.end()
        }
    }
}
