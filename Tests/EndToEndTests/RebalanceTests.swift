import Foundation
import Testing

extension EndToEnd {
    /// `causeway.io/rebalance`: pods move to edges that return.
    @Suite(.serialized)
    struct RebalanceTests {
        @Test("pods move to an edge that returns, one at a time, and never fewer are ready than wanted")
        func rebalance() async throws {
            try await Playground.with(edges: ["europe-rome-edge", "europe-milan-edge"]) { playground in
                for name in ["ROME", "MILAN"] {
                    try await playground.expect(
                        "causewayctl generate peer-command --only-command --kubeconfig \"$KUBECONFIG_EUROPE_\(name)_EDGE\" | bash"
                    )
                }
                try await playground.expect(
                    """
                    kubectl create namespace shop
                    causewayctl offload namespace shop --namespace-mapping-strategy EnforceSameName \
                        --pod-offloading-strategy Remote
                    kubectl annotate -n shop namespaceoffloadings offloading causeway.io/rebalance=3s
                    kubectl apply -n shop -f config/samples/replicated-deployment.yaml
                    kubectl create poddisruptionbudget all -n shop --selector app=liqo-demo-app --min-available 4
                    kubectl patch foreigncluster europe-milan-edge --type merge \
                        -p '{"spec":{"outgoingPeeringEnabled":"No"}}'
                    kubectl wait --for delete node/liqo-europe-milan-edge --timeout 30s
                    kubectl scale -n shop deployment/liqo-demo-app --replicas 4
                    kubectl rollout status -n shop deployment/liqo-demo-app --timeout 30s
                    """)
                // What serves is counted all the while.
                async let counts = playground.run(
                    """
                    until [[ -e $CAUSEWAY_PLAYGROUND/enough || $SECONDS -gt 60 ]]; do
                        kubectl get pods -n shop -l app=liqo-demo-app -o go-template='{{range .items}}{{if not \
                    .metadata.deletionTimestamp}}{{range .status.conditions}}{{if eq .type "Ready"}}{{.status}} {{end}}{{end}}\
                    {{end}}{{end}}' | grep -o True | wc -l
                        sleep 0.2
                    done
                    """)
                try await playground.expect(
                    """
                    kubectl patch foreigncluster europe-milan-edge --type merge \
                        -p '{"spec":{"outgoingPeeringEnabled":"Yes"}}'
                    """)
                let nodes =
                    "kubectl get pods -n shop -l app=liqo-demo-app -o jsonpath='{range .items[*]}{.spec.nodeName}{\"\\n\"}{end}' | sort | uniq -c | xargs"
                try await playground.eventually(
                    "[[ $(\(nodes)) == '2 liqo-europe-milan-edge 2 liqo-europe-rome-edge' ]]")
                try await playground.expect("touch \"$CAUSEWAY_PLAYGROUND/enough\"")
                let ready = try await counts.output.split(separator: "\n").compactMap { Int($0) }
                try await playground.expect("rm \"$CAUSEWAY_PLAYGROUND/enough\"")
                #expect(ready.count > 3 && ready.min() == 4, "never fewer ready than wanted: \(ready)")
                let events = try await playground.expect("kubectl get events -n shop")
                for reason in ["RebalancePlanned", "Rebalancing", "Rebalanced"] {
                    #expect(events.contains(reason), "\(events)")
                }
                #expect(events.contains("2 pods move, one at a time: "), "\(events)")
                // What has moved belongs to its ReplicaSet like any other pod.
                try await playground.expect("kubectl delete -n shop deployment/liqo-demo-app")
                try await playground.eventually("[[ -z $(kubectl get pods -n shop -o name) ]]")
            }
        }
    }
}
