import ClusterAPI
import Glibc
import HTTPTransport
import JSONTree
import KubernetesModel
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import TLSTransport
import TestKit
import Testing

@testable import KubeletServer

@Suite("What an API server asks of a node", .timeLimit(.minutes(1)))
struct KubeletServerTests {
    /// A node whose logs tell what was asked.
    private struct Node: NodeEndpoint {
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
            allows: { $0.commonName == user && $1 == "liqo-rome" }, logger: logger)
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
            let response = try await client.execute(HTTPClientRequest(.GET, target))
            client.shutDown()
            await server.close()
            return response
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
            ("/run/shop/here/web", 404, "404 page not found"),
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
}
