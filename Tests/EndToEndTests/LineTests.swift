import Foundation
import Testing

extension EndToEnd {
    /// Lines between hub and edges that lose segments, or are narrow, by a relay in user space.
    @Suite(.serialized)
    struct LineTests {
        private static let edges = ["europe-rome-edge", "europe-milan-edge"]

        /// A relay before each edge of a playground that is not up yet; it ends with `body`.
        private func withRelay(
            _ playground: String, _ body: (_ folder: String, _ addresses: String) async throws -> Void
        )
            async throws
        {
            let folder = Playground.newFolder()
            let variables = ["CAUSEWAY_PLAYGROUND": playground, "RELAY": folder, "SEED": "5"]
            let started = try await Shell.run(
                """
                mkdir "$RELAY"
                python3 scripts/lib/relay.py "$RELAY" \(Self.edges.joined(separator: " ")) &> "$RELAY/errors" &
                echo $! > "$RELAY/pid"
                for _ in {1..100}; do [[ -e $RELAY/addresses ]] && break; sleep 0.1; done
                cat "$RELAY/addresses"
                """, variables)
            let end = { try await Shell.run("kill \"$(cat \"$RELAY/pid\")\"; rm -r \"$RELAY\"", variables) }
            do {
                try #require(started.status == 0, "\(started.text)")
                try await body(folder, started.output)
            } catch {
                _ = try? await end()
                throw error
            }
            _ = try await end()
        }

        @Test("F3: a line that loses every tenth segment, and one of 64 kbit/s, cost no pod and no visit")
        func lines() async throws {
            let home = Playground.newFolder()
            try await withRelay(home) { relay, addresses in
                let variables = ["CAUSEWAY_PEER_ADDRESSES": addresses, "RELAY": relay]
                try await Playground.with(edges: Self.edges, folder: home, variables: variables) { playground in
                    for name in ["ROME", "MILAN"] {
                        try await playground.expect(
                            "eval \"$(causewayctl generate peer-command --only-command --kubeconfig \"$KUBECONFIG_EUROPE_\(name)_EDGE\")\""
                        )
                    }
                    try await playground.expect(
                        """
                        kubectl create namespace shop
                        causewayctl offload namespace shop --namespace-mapping-strategy EnforceSameName \
                            --pod-offloading-strategy Remote
                        kubectl annotate -n shop namespaceoffloadings offloading causeway.io/grace-period=1s
                        kubectl create deployment web -n shop --image=nginxdemos/hello --replicas=4
                        kubectl run box -n shop --image=busybox -- sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done'
                        kubectl wait -n shop --for=condition=Ready pod --all --timeout=60s
                        """)
                    let pods =
                        "kubectl get pods -n shop -o jsonpath='{range .items[*]}{.metadata.uid}{\"\\n\"}{end}' | sort"
                    let before = try await playground.expect(pods)
                    for (line, replicas) in [
                        (#"{"loss": 0.1, "delay": 0.02}"#, 5), (#"{"rate": 8000, "delay": 0.05}"#, 6),
                    ] {
                        let unready = try await live(playground, on: line, replicas)
                        #expect(unready.isEmpty, "\(line): \(unready)")
                        let after = try await playground.expect(pods)
                        let kept = before.split(separator: "\n").allSatisfy { after.contains($0) }
                        #expect(kept, "\(line): \(before) \(after)")
                    }
                }
            }
        }

        /// Fills the line with a visit, and has one pod more run meanwhile.
        ///
        /// - Returns: which nodes were seen that were not Ready.
        private func live(_ playground: Playground, on line: String, _ replicas: Int) async throws -> String {
            try await playground.expect(
                """
                echo '\(line)' > "$RELAY/line"; sleep 1
                folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
                watch() {
                    until [[ -e $folder/over ]]; do
                        kubectl get nodes -l liqo.io/type=virtual-node -o jsonpath='{range .items[*]}{.metadata.name}{" "}\
                {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}' | grep -v True >> "$folder/unready"
                        sleep 0.5
                    done
                }
                watch & watcher=$!
                head -c 60000 /dev/urandom > "$folder/sent"
                timeout 90 kubectl exec -i box -n shop -- cat < "$folder/sent" > "$folder/back" & visit=$!
                sleep 1
                kubectl scale deployment web -n shop --replicas=\(replicas) > "$folder/scaled"
                kubectl rollout status deployment web -n shop --timeout=60s > "$folder/scaled"
                wait "$visit"
                touch "$folder/over"; wait "$watcher" || true
                cmp "$folder/sent" "$folder/back"
                rm "$RELAY/line"; sleep 0.5
                cat "$folder/unready"
                """)
        }
    }
}
