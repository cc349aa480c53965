import Foundation
import Testing

extension EndToEnd {
    /// `causeway.io/stop-on-edge-after`: an edge without its hub stops the pods by itself.
    @Suite(.serialized)
    struct FencingTests {
        @Test("an edge stops the pods of a hub that is away, also after a restart of its own, and runs them again once")
        func fenced() async throws {
            try await Playground.with(edges: ["europe-rome-edge"]) { playground in
                try await playground.expect(
                    """
                    causewayctl generate peer-command --only-command --kubeconfig "$KUBECONFIG_EUROPE_ROME_EDGE" | bash
                    for name in fenced free; do
                        kubectl create namespace $name
                        causewayctl offload namespace $name --namespace-mapping-strategy EnforceSameName \
                            --pod-offloading-strategy Remote
                        kubectl annotate namespaceoffloadings offloading -n $name causeway.io/on-disconnect=keep
                    done
                    kubectl annotate namespaceoffloadings offloading -n fenced causeway.io/stop-on-edge-after=5s
                    for name in fenced free; do
                        kubectl create deployment web -n $name --image nginxdemos/hello --replicas 2
                        kubectl rollout status deployment web -n $name --timeout 30s
                    done
                    """)
                let edge = "kubectl --kubeconfig \"$KUBECONFIG_EUROPE_ROME_EDGE\""
                try await playground.eventually(
                    "[[ $(\(edge) get namespace fenced -o jsonpath='{.metadata.annotations.causeway\\.io/stop-on-edge-after}') == 5s ]]"
                )
                let uids = "kubectl get pods -n fenced -o jsonpath='{.items[*].metadata.uid}'"
                let before = try await playground.expect(uids)
                let free = try await playground.expect("\(edge) get pods -n free -o name")

                try await playground.expect("scripts/playground kill europe-cloud")
                // An agent that starts anew does not begin to count anew, and needs no hub to know what to stop.
                try await playground.expect(
                    "scripts/playground kill europe-rome-edge; sleep 1; scripts/playground start europe-rome-edge")
                try await playground.eventually("[[ -z $(\(edge) get pods -n fenced -o name) ]]")
                try await playground.expect("\(edge) get events -n fenced | grep -q StoppedWithoutHub")
                #expect(try await playground.expect("\(edge) get pods -n free -o name") == free)

                try await playground.expect("scripts/playground start europe-cloud")
                try await playground.eventually(
                    "[[ $(\(edge) get pods -n fenced --field-selector status.phase=Running -o name | wc -l) == 2 ]]")
                try await playground.expect("kubectl rollout status deployment web -n fenced --timeout 30s")
                // Their hub kept them: they are the same pods, and there is one of each.
                #expect(try await playground.expect(uids) == before)
                #expect(
                    try await playground.expect("\(edge) get pods -n fenced -o name | wc -l")
                        .trimmingCharacters(in: .whitespacesAndNewlines) == "2")
            }
        }

        /// Passes bytes on between the hub and an edge, and holds them back while there is a file `cut`: a network that drops
        /// everything without a word. Ends when there is a file `enough`, or after two minutes.
        private static let network = #"""
            python3 - "$CUT" "$TARGET" <<'END'
            import asyncio, os, sys, time
            folder, target = sys.argv[1], int(sys.argv[2])

            async def while_cut():
                while os.path.exists(folder + "/cut"):
                    await asyncio.sleep(0.05)

            async def pump(reader, writer):
                try:
                    while data := await reader.read(65536):
                        await while_cut()
                        writer.write(data)
                        await writer.drain()
                except OSError:
                    pass
                finally:
                    writer.close()

            async def serve(reader, writer):
                await while_cut()
                there, back = await asyncio.open_connection("127.0.0.1", target)
                await asyncio.gather(pump(reader, back), pump(there, writer))

            async def main():
                server = await asyncio.start_server(serve, "127.0.0.1", 0)
                with open(folder + "/port.new", "w") as file:
                    file.write(str(server.sockets[0].getsockname()[1]))
                os.rename(folder + "/port.new", folder + "/port")
                end = time.monotonic() + 120
                while time.monotonic() < end and not os.path.exists(folder + "/enough"):
                    await asyncio.sleep(0.1)
                os._exit(0)

            asyncio.run(main())
            END
            """#

        @Test("an edge that is cut off stops its pod before the hub replaces it, and does not run it again")
        func cut() async throws {
            let cut = NSTemporaryDirectory() + "causeway-cut-\(UUID().uuidString.prefix(8))"
            try FileManager.default.createDirectory(atPath: cut, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: cut) }
            try await Playground.with(edges: ["europe-rome-edge", "europe-milan-edge"]) { playground in
                let peerCommand = try await playground.expect(
                    "causewayctl generate peer-command --only-command --kubeconfig \"$KUBECONFIG_EUROPE_ROME_EDGE\"")
                let marker = "--auth-url tls://127.0.0.1:"
                let start = try #require(peerCommand.range(of: marker)).upperBound
                let target = String(peerCommand[start...].prefix { $0.isNumber })
                async let network = playground.run("CUT=\(cut); TARGET=\(target)\n" + Self.network)
                try await playground.eventually("[[ -e \(cut)/port ]]")
                let port = try String(contentsOfFile: cut + "/port", encoding: .utf8)
                let throughNetwork = peerCommand.replacingOccurrences(of: marker + target, with: marker + port)
                try await playground.expect(
                    """
                    \(throughNetwork)
                    causewayctl generate peer-command --only-command --kubeconfig "$KUBECONFIG_EUROPE_MILAN_EDGE" | bash
                    kubectl create namespace liqo-demo
                    causewayctl offload namespace liqo-demo --namespace-mapping-strategy EnforceSameName \
                        --pod-offloading-strategy Remote --selector 'topology.liqo.io/type=destination'
                    kubectl annotate namespaceoffloadings offloading -n liqo-demo \
                        causeway.io/stop-on-edge-after=5s causeway.io/grace-period=12s
                    kubectl apply -n liqo-demo -f config/samples/replicated-deployment.yaml
                    kubectl rollout status -n liqo-demo deployment/liqo-demo-app --timeout 30s
                    """)
                func pods(_ name: String, _ options: String = "") -> String {
                    "kubectl get pods -n liqo-demo -o name \(options) --kubeconfig \"$KUBECONFIG_EUROPE_\(name)_EDGE\""
                }
                let running = pods("MILAN", "--field-selector status.phase=Running")
                try await playground.eventually(
                    "kubectl get namespace liqo-demo -o yaml --kubeconfig \"$KUBECONFIG_EUROPE_ROME_EDGE\" | grep -q stop-on-edge"
                )
                try await playground.expect("touch \(cut)/cut")
                // Stopped at the edge, and only then run elsewhere.
                try await playground.eventually("[[ -z $(\(pods("ROME"))) ]]")
                #expect(try await playground.expect("\(running) | wc -l").hasPrefix("1"))
                try await playground.eventually("[[ $(\(running) | wc -l) == 2 ]]")

                try await playground.expect("rm \(cut)/cut")
                try await playground.eventually(
                    "kubectl wait node/liqo-europe-rome-edge --for condition=Ready --timeout 1s")
                try await playground.expect(
                    "kubectl rollout status -n liqo-demo deployment/liqo-demo-app --timeout 30s")
                // More than the time in which the edge would take its pods up again.
                try await playground.expect("sleep 2; [[ -z $(\(pods("ROME"))) && $(\(running) | wc -l) == 2 ]]")
                try await playground.expect("touch \(cut)/enough")
                _ = try await network
            }
        }
    }
}
