import Foundation
import Testing

extension EndToEnd {
    /// `scripts/playground` comes back from everything, and leaves nothing.
    @Suite(.serialized)
    struct PlaygroundTests {
        @Test("up works after all daemons were killed, and keeps addresses, pods and their processes")
        func crash() async throws {
            try await Playground.with(edges: ["europe-rome-edge", "europe-milan-edge"]) { playground in
                for name in ["ROME", "MILAN"] {
                    try await playground.expect(
                        "causewayctl generate peer-command --only-command --kubeconfig \"$KUBECONFIG_EUROPE_\(name)_EDGE\" | bash"
                    )
                }
                try await playground.expect(
                    "kubectl create namespace liqo-test && kubectl apply -f config/samples/namespace-offloading.yaml "
                        + "&& kubectl apply -n liqo-test -f config/samples/dynamic-topology.yaml")
                try await playground.expect(
                    "kubectl rollout status deployment nginx-deployment -n liqo-test --timeout=30s")
                let pods =
                    "kubectl get pods -n liqo-test -o go-template='{{range .items}}{{.metadata.name}} {{.status.phase}} "
                    + "{{.spec.nodeName}} {{.status.podIP}} {{range .status.containerStatuses}}{{.ready}} {{.restartCount}} "
                    + "{{.containerID}}{{end}}{{\"\\n\"}}{{end}}'"
                let before = try await playground.expect(pods)
                let configs = try await playground.expect("cat \"$CAUSEWAY_PLAYGROUND\"/liqo_kubeconf_*")

                try await playground.expect(
                    "for name in europe-cloud europe-rome-edge europe-milan-edge; do scripts/playground kill $name; done"
                )
                try await playground.refuse("scripts/playground status", saying: ["up"])
                try await playground.expect("scripts/playground up --edges europe-rome-edge,europe-milan-edge")
                try await playground.eventually("[[ $(\(pods)) == '\(before.trimmingCharacters(in: .newlines))' ]]")
                #expect(try await playground.expect("cat \"$CAUSEWAY_PLAYGROUND\"/liqo_kubeconf_*") == configs)
                // A second time it has nothing to do.
                let again = try await playground.expect(
                    "scripts/playground up --edges europe-rome-edge,europe-milan-edge")
                #expect(again.contains("is running") && !again.contains("created"))
            }
        }

        @Test("up and down work where the folder was deleted under running daemons")
        func deletedFolder() async throws {
            try await Playground.with(edges: ["europe-rome-edge"]) { playground in
                try await playground.expect("rm -rf \"$CAUSEWAY_PLAYGROUND\"")
                try await playground.expect("scripts/playground up --debug --edges europe-rome-edge")
                try await playground.expect("scripts/playground status")
                try await playground.expect("rm -rf \"$CAUSEWAY_PLAYGROUND\"")
                try await playground.expect("scripts/playground down")
                let left = try await playground.run(
                    "grep -lz -- \"^$CAUSEWAY_PLAYGROUND/\" /proc/[0-9]*/cmdline 2>/dev/null")
                #expect(left.output.isEmpty)
            }
        }
    }
}
