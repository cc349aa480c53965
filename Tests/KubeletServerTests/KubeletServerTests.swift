import ClusterAPI
import Glibc
import HTTPTransport
import JSONTree
import KubernetesModel
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import PodSessions
import Synchronization
import TLSTransport
import TestKit
import Testing

@testable import KubeletServer

@Suite("What an API server asks of a node", .timeLimit(.minutes(1)))
struct KubeletServerTests {
    /// A node whose logs tell what was asked, and whose programs are those of ``FakeNode``.
    private struct Node: NodeEndpoint {
        let programs = FakeNode()

        func exec(_ pod: KubernetesObject, _ request: ContainerRequest, _ client: ContainerStreams) async throws -> Int
        {
            try await programs.exec(pod, request, client)
        }

        func attach(_ pod: KubernetesObject, _ request: ContainerRequest, _ client: ContainerStreams) async throws {
            try await programs.attach(pod, request, client)
        }

        func forward(_ pod: KubernetesObject, port: Int, _ client: ByteStreams) async throws {
            try await programs.forward(pod, port: port, client)
        }

        func podLogs(
            _ pod: KubernetesObject, _ options: LogOptions
        ) async throws -> AsyncThrowingStream<[UInt8], any Error> {
            guard options.container != "unknown" else { throw APIError.badRequest("no such container") }
            let words = "\(pod.name) \(options.container) \(options.follow) \(options.tailLines ?? -1)"
            return AsyncThrowingStream { continuation in
                continuation.yield(Array(words.utf8))
                continuation.yield(Array("\n".utf8))
                continuation.finish()
            }
        }
    }

    private func ask(
        _ target: String, with identity: Bool = true, allowing user: String = "kubernetes-admin"
    ) async throws -> HTTPClientResponse {
        try await with(identity: identity, allowing: user) { try await $0.execute(HTTPClientRequest(.GET, target)) }
    }

    /// A client of a node's server.
    ///
    /// - Parameter verbs: what the client's user may do with the node.
    private func with<Value: Sendable>(
        identity: Bool = true, allowing user: String = "kubernetes-admin", _ verbs: [String] = ["get", "create"],
        _ body: (HTTPClient) async throws -> Value
    ) async throws -> Value {
        let now = Int64(time(nil))
        let authority = try CertificateAuthority.create(commonName: "clients", now: now)
        let cluster = FakeCluster()
        _ = try await cluster.create(
            .configMaps,
            KubernetesObject(
                .configMaps, name: "extension-apiserver-authentication", namespace: "kube-system",
                ["data": ["client-ca-file": .string(authority.certificate.pem)]]))
        for (name, node) in [("here", "liqo-rome"), ("elsewhere", "other")] {
            _ = try await cluster.create(
                .pods,
                KubernetesObject(.pods, name: name, namespace: "shop", ["spec": ["nodeName": .string(node)]]))
        }
        let endpoints = NodeEndpoints()
        endpoints["liqo-rome"] = Node()
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let server = try await KubeletServer.start(
            host: "127.0.0.1", port: 0, cluster: cluster, endpoints: endpoints,
            allows: { $0.commonName == user && $1 == "liqo-rome" && verbs.contains($2) }, logger: logger)
        // As API servers are: the kubelet's own certificate is not what they go by, but this client verifies always.
        let client = try HTTPClient(
            endpoint: HTTPEndpoint(isSecure: true, host: "127.0.0.1", port: server.port),
            tls: TLSContextBox(
                try TLSContext(
                    .client(
                        trust: .certificates([server.authority]), serverName: "127.0.0.1",
                        identity: identity ? try authority.makeIdentity(.administrator(), now: now) : nil,
                        alpn: ["http/1.1"]))), group: MultiThreadedEventLoopGroup.singleton)
        do {
            let value = try await body(client)
            client.shutDown()
            await server.close()
            return value
        } catch {
            client.shutDown()
            await server.close()
            throw error
        }
    }

    @Test("a log comes from the pod's node, as it was asked for")
    func log() async throws {
        let answer = try await ask("/containerLogs/shop/here/web?follow=true&tailLines=3")
        #expect(answer.status == .ok)
        #expect(String(buffer: answer.body) == "here web true 3\n")
    }

    @Test(
        "everything else is refused in words",
        arguments: [
            ("/containerLogs/shop/here/unknown", 400, "no such container"),
            ("/containerLogs/shop/here/web?tailLines=x", 400, "tailLines: \"x\" is not a whole number"),
            ("/containerLogs/shop/elsewhere/web", 404, "pod \"elsewhere\" is on no node that is served here"),
            ("/containerLogs/shop/nowhere/web", 404, "pods \"nowhere\" not found"),
            ("/run/shop/here/web", 404, "404 page not found"), ("/exec/shop/here", 404, "404 page not found"),
            ("/containerLogs/shop//web", 404, "404 page not found"),
            ("/exec/shop/here/web?output=1", 400, "you must specify at least one command for the container"),
            ("/exec/shop/here/web?command=ls", 400, "you must specify at least 1 of stdin, stdout, stderr"),
            ("/exec/shop/here/web?command=ls&output=1", 400, "Upgrade request required"),
            ("/attach/shop/here/web?output=1", 400, "Upgrade request required"),
            ("/portForward/shop/here", 400, "Upgrade request required"),
            ("/portForward/shop/here?port=80,0", 400, "port \"0\" is not a port: use 1 to 65535"),
            (
                "/exec/shop/elsewhere/web?command=ls&output=1", 404,
                "pod \"elsewhere\" is on no node that is served here"
            ),
        ])
    func refused(_ target: String, _ status: Int, _ words: String) async throws {
        let answer = try await ask(target)
        #expect(answer.status.code == UInt(status))
        #expect(String(buffer: answer.body) == words)
    }

    @Test("a client whom the cluster does not allow it is refused, and one without a certificate is not heard")
    func clients() async throws {
        let answer = try await ask("/containerLogs/shop/here/web", allowing: "somebody else")
        #expect(answer.status == .forbidden)
        await #expect(throws: HTTPTransportError.self) { _ = try await ask("/healthz", with: false) }
    }

    @Test("who may only read logs gets into no pod, not even with a GET")
    func readers() async throws {
        for (target, status) in [
            ("/containerLogs/shop/here/web", 200), ("/exec/shop/here/web?command=cat&output=1", 403),
            ("/attach/shop/here/web?output=1", 403), ("/portForward/shop/here", 403),
        ] {
            let answer = try await with(["get"]) { try await $0.execute(HTTPClientRequest(.GET, target)) }
            #expect(answer.status.code == status, "\(target)")
        }
    }

    private struct Refused: Error {}

    @Test("a program runs for an API server that hands on a WebSocket, and for one that speaks SPDY")
    func exec() async throws {
        let target = "/exec/shop/here/web?command=cat&input=1&output=1&error=1"
        let wanted = ContainerRequest(
            container: "web", command: ["cat"], standardInput: true, standardOutput: true, standardError: true)
        func streams(_ output: AsyncStream<[UInt8]>.Continuation) -> ContainerStreams {
            let inputs = Mutex<[ContainerStreams.Input]>([.bytes([1, 2]), .end])
            return ContainerStreams(
                receive: {
                    if let next = inputs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) { return next }
                    try await Task.sleep(for: .seconds(60))
                    return nil
                },
                send: { if case .standardOutput(let bytes) = $0 { output.yield(bytes) } })
        }
        try await with { client in
            let (outputs, output) = AsyncStream<[UInt8]>.makeStream()
            guard
                case .switched(let socket, _) = try await client.webSocket(
                    HTTPClientRequest(.GET, target), subprotocols: ["v5.channel.k8s.io"])
            else { throw Refused() }
            #expect(try await ContainerCall(socket).run(streams(output)) == 0)
            let request = HTTPClientRequest(.POST, target, headers: ["X-Stream-Protocol-Version": "v4.channel.k8s.io"])
            guard case .switched(let connection, _) = try await client.upgrade(request, to: "SPDY/3.1") else {
                throw Refused()
            }
            #expect(try await ContainerCall(SPDYPeer(connection), for: wanted).run(streams(output)) == 0)
            connection.close()
            output.finish()
            var all: [UInt8] = []
            for await bytes in outputs { all += bytes }
            #expect(all == [1, 2, 1, 2])
        }
    }

    @Test("a port is forwarded for an API server that speaks SPDY")
    func forward() async throws {
        try await with { client in
            let request = HTTPClientRequest(
                .POST, "/portForward/shop/here", headers: ["X-Stream-Protocol-Version": "portforward.k8s.io"])
            guard case .switched(let connection, _) = try await client.upgrade(request, to: "SPDY/3.1") else {
                throw Refused()
            }
            let inputs = Mutex<[[UInt8]]>([[1, 2]])
            let output = Mutex<[UInt8]>([])
            try await PortForwardCall(SPDYPeer(connection), port: 7).run(
                ByteStreams(
                    receive: { inputs.withLock { $0.isEmpty ? nil : $0.removeFirst() } },
                    send: { bytes in output.withLock { $0 += bytes } }))
            connection.close()
            #expect(output.withLock { $0 } == [1, 2])
        }
    }
}
