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
    }
}
