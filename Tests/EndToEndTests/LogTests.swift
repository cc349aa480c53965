import Foundation
import Testing

extension EndToEnd {
    /// `kubectl logs` at the edge and, through the peering, at the origin.
    @Suite(.serialized)
    struct LogTests {
        @Test("a container that ends is started again, and the log of its previous run can be read at both ends")
        func previous() async throws {
            try await Playground.with(edges: ["europe-rome-edge"]) { playground in
                try await playground.expect(
                    "causewayctl generate peer-command --only-command --kubeconfig \"$KUBECONFIG_EUROPE_ROME_EDGE\" | bash"
                )
                try await playground.expect(
                    "kubectl create namespace jobs && causewayctl offload namespace jobs --pod-offloading-strategy Remote "
                        + "--namespace-mapping-strategy EnforceSameName")
                try await playground.expect(
                    """
                    kubectl run twice -n jobs --image=busybox --restart=Always -- \
                        sh -c 'echo begun at $(date +%N); sleep 1'
                    """)
                try await playground.eventually(
                    "[[ $(kubectl get pod twice -n jobs -o 'jsonpath={.status.containerStatuses[0].restartCount}') -ge 1 ]]"
                )
                for config in ["$KUBECONFIG", "$KUBECONFIG_EUROPE_ROME_EDGE"] {
                    let logs = "kubectl logs twice -n jobs --kubeconfig \"\(config)\""
                    try await playground.eventually("\(logs) --previous | grep -q '^begun at'")
                    try await playground.expect(
                        "[[ $(\(logs) --previous --tail=1) == 'begun at '* && $(\(logs) --tail=0) == '' ]]")
                }
            }
        }

        @Test("an image that is neither in the table nor given a command waits, and says what to do")
        func unknownImage() async throws {
            try await Playground.with(edges: ["europe-rome-edge"]) { playground in
                try await playground.expect(
                    "causewayctl generate peer-command --only-command --kubeconfig \"$KUBECONFIG_EUROPE_ROME_EDGE\" | bash"
                )
                try await playground.expect(
                    "kubectl create namespace jobs && causewayctl offload namespace jobs --pod-offloading-strategy Remote "
                        + "--namespace-mapping-strategy EnforceSameName")
                try await playground.expect("kubectl run strange -n jobs --image=example.org/nobody/knows:1")
                let waiting =
                    "kubectl get pod strange -n jobs -o 'jsonpath={.status.containerStatuses[0].state.waiting}'"
                try await playground.eventually("\(waiting) | grep -q images.yaml")
                let said = try await playground.expect(waiting)
                #expect(said.contains("example.org/nobody/knows"), "\(said)")
            }
        }
    }
}
