import Foundation
import Testing

extension EndToEnd {
    /// Edges that the origin cannot reach dial it.
    @Suite(.serialized)
    struct JoinTests {
        @Test("an edge that joined and one that was peered make one cluster, and unpeering ends both")
        func mixed() async throws {
            try await Playground.with(edges: ["europe-rome-edge", "europe-milan-edge"]) { playground in
                try await playground.expect(
                    "eval \"$(causewayctl generate peer-command --only-command --kubeconfig \"$KUBECONFIG_EUROPE_ROME_EDGE\")\""
                )
                let joined = try await playground.expect(
                    """
                    JOIN=$(causewayctl generate join-command --only-command)
                    KUBECONFIG=$KUBECONFIG_EUROPE_MILAN_EDGE bash -c "$JOIN"
                    """)
                #expect(joined.contains("Incoming peering activated from the remote cluster \"europe-cloud\""))
                try await playground.eventually(
                    "[[ $(kubectl get foreignclusters --no-headers | awk '{print $3, $5, $6}' | sort | uniq -c | xargs) == "
                        + "'2 Established Established Established' ]]")
                try await playground.expect(
                    """
                    kubectl create namespace liqo-demo
                    causewayctl offload namespace liqo-demo --namespace-mapping-strategy EnforceSameName \
                        --pod-offloading-strategy Remote --selector 'topology.liqo.io/type=destination'
                    kubectl apply -n liqo-demo -f config/samples/replicated-deployment.yaml
                    kubectl rollout status -n liqo-demo deployment/liqo-demo-app --timeout 30s
                    """)
                let nodes = try await playground.expect(
                    "kubectl get pods -n liqo-demo -o jsonpath='{range .items[*]}{.spec.nodeName}{\"\\n\"}{end}' | sort"
                )
                #expect(nodes == "liqo-europe-milan-edge\nliqo-europe-rome-edge\n")
                try await playground.expect(
                    "kubectl logs -n liqo-demo $(kubectl get pods -n liqo-demo -o name "
                        + "--field-selector spec.nodeName=liqo-europe-milan-edge)")
                try await playground.refuse(
                    "KUBECONFIG=$KUBECONFIG_EUROPE_MILAN_EDGE bash -c \"$(causewayctl generate join-command --only-command)\"",
                    saying: ["europe-cloud", "peered already"])
                try await playground.expect(
                    """
                    causewayctl unoffload namespace liqo-demo
                    causewayctl unpeer out-of-band europe-milan-edge
                    causewayctl unpeer out-of-band europe-rome-edge
                    """)
                try await playground.eventually(
                    "[[ -z $(kubectl get foreignclusters --no-headers --kubeconfig \"$KUBECONFIG_EUROPE_MILAN_EDGE\") ]]"
                )
                try await playground.expect("causewayctl uninstall --kubeconfig \"$KUBECONFIG_EUROPE_MILAN_EDGE\"")
            }
        }
    }
}
