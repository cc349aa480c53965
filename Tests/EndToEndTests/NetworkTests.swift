import Foundation
import Testing

extension EndToEnd {
    /// Peers that are not simply there, and hubs that may not have everything.
    @Suite(.serialized)
    struct NetworkTests {
        private static let edge = "--kubeconfig \"$KUBECONFIG_EUROPE_ROME_EDGE\""

        /// A proxy for CONNECT in Python, which notes what it is asked for.
        private static let proxy = """
            import socket, sys, threading
            server = socket.create_server(("127.0.0.1", 0))
            open(sys.argv[1] + ".port", "w").write(str(server.getsockname()[1]))
            def pipe(one, other):
                try:
                    while data := one.recv(65536): other.sendall(data)
                except OSError: pass
                for end in (one, other):
                    try: end.shutdown(socket.SHUT_RDWR)
                    except OSError: pass
            def serve(client):
                head = b""
                while not head.endswith(b"\\r\\n\\r\\n"): head += client.recv(1) or exit()
                line = head.split(b"\\r\\n")[0].decode()
                open(sys.argv[1] + ".asked", "a").write(line + "\\n")
                host, port = line.split()[1].rsplit(":", 1)
                peer = socket.create_connection((host, int(port)))
                client.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\n")
                threading.Thread(target=pipe, args=(client, peer), daemon=True).start()
                pipe(peer, client)
            while True: threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
            """

        @Test("a hub peers through a proxy that its peering names, and goes on through it")
        func throughProxy() async throws {
            let name = NSTemporaryDirectory() + "causeway-proxy-\(UUID().uuidString.prefix(8))"
            try Self.proxy.write(toFile: name + ".py", atomically: true, encoding: .utf8)
            let python = Process()
            python.executableURL = URL(filePath: "/usr/bin/python3")
            python.arguments = [name + ".py", name]
            try python.run()
            defer {
                // What the tests start inherits a blocked SIGTERM.
                kill(python.processIdentifier, SIGKILL)
                for end in [".py", ".port", ".asked"] { try? FileManager.default.removeItem(atPath: name + end) }
            }
            try await Playground.with(edges: ["europe-rome-edge"]) { playground in
                try await playground.eventually("[[ -s \(name).port ]]")
                try await playground.expect(
                    "eval \"$(causewayctl generate peer-command --only-command \(Self.edge)) --proxy http://127.0.0.1:$(cat \(name).port)\""
                )
                let asked = try await playground.expect("sort -u \(name).asked")
                let port = try await playground.expect(
                    "cat \"$CAUSEWAY_PLAYGROUND\"/europe-rome-edge/state/peer-port")
                #expect(asked == "CONNECT 127.0.0.1:\(port) HTTP/1.1\n")
                try await playground.refuse(
                    "eval \"$(causewayctl generate peer-command --only-command \(Self.edge)) --proxy http://me:geheim@127.0.0.1:1\" 2>&1 "
                        + "| tee /dev/stderr | grep geheim", saying: ["--proxy is neither"])
            }
        }

        @Test("an edge gives a hub the share that its ForeignCluster names, and takes no pod beyond it")
        func share() async throws {
            try await Playground.with(edges: ["europe-rome-edge"]) { playground in
                try await playground.expect(
                    """
                    eval "$(causewayctl generate peer-command --only-command \(Self.edge))"
                    kubectl annotate foreigncluster europe-cloud causeway.io/share=cpu=50%,pods=2 \(Self.edge)
                    """)
                let allocatable = "kubectl get node liqo-europe-rome-edge -o jsonpath='{.status.allocatable.pods}'"
                try await playground.eventually("[[ $(\(allocatable)) == 2 ]]")
                try await playground.expect(
                    """
                    kubectl create namespace liqo-demo
                    causewayctl offload namespace liqo-demo --namespace-mapping-strategy EnforceSameName \
                        --pod-offloading-strategy Remote
                    kubectl apply -n liqo-demo -f config/samples/replicated-deployment.yaml
                    kubectl rollout status -n liqo-demo deployment/liqo-demo-app --timeout 30s
                    """)
                // Whatever the origin's scheduler thinks: this pod is put there by hand.
                try await playground.expect(
                    """
                    kubectl run extra -n liqo-demo --image=nginx --overrides \
                        '{"spec": {"nodeName": "liqo-europe-rome-edge", "tolerations": [{"operator": "Exists"}]}}'
                    """)
                try await playground.eventually(
                    "kubectl get events -n liqo-demo | grep 'the edge shares 2 of pods with europe-cloud'")
                let there = try await playground.expect(
                    "kubectl get pods -n liqo-demo --no-headers \(Self.edge) | wc -l")
                #expect(there.trimmingCharacters(in: .whitespacesAndNewlines) == "2")
            }
        }
    }
}
