import Foundation
import Testing

extension EndToEnd {
    /// `causeway.io/fill`: edges are filled like water.
    @Suite(.serialized)
    struct FillTests {
        private static let running =
            "kubectl get pods -n shop -l app=liqo-demo-app --field-selector status.phase=Running -o name | wc -l"

        @Test("a full edge keeps no pod Pending once its namespace is filled like water, and weights count")
        func fill() async throws {
            try await Playground.with(edges: ["europe-rome-edge", "europe-milan-edge"]) { playground in
                for name in ["ROME", "MILAN"] {
                    try await playground.expect(
                        "causewayctl generate peer-command --only-command --kubeconfig \"$KUBECONFIG_EUROPE_\(name)_EDGE\" | bash"
                    )
                }
                // All of Milan's CPU but for one and a half pods.
                try await playground.expect(
                    """
                    kubectl create namespace shop
                    causewayctl offload namespace shop --namespace-mapping-strategy EnforceSameName \
                        --pod-offloading-strategy Remote
                    kubectl apply -n shop -f config/samples/replicated-deployment.yaml
                    kubectl set resources -n shop deployment/liqo-demo-app --requests cpu=20m
                    kubectl scale -n shop deployment/liqo-demo-app --replicas 0
                    CPU=$(kubectl get node liqo-europe-milan-edge -o jsonpath='{.status.allocatable.cpu}')
                    [[ $CPU == *m ]] && CPU=${CPU%m} || CPU=$((CPU * 1000))
                    kubectl run large -n shop --image nginxdemos/hello --overrides '{"spec":{"nodeSelector":
                        {"kubernetes.io/hostname":"liqo-europe-milan-edge"},"containers":[{"name":"large",
                        "image":"nginxdemos/hello","resources":{"requests":{"cpu":"'$((CPU - 30))'m"}}}]}}'
                    kubectl wait -n shop pod/large --for condition=Ready --timeout 30s
                    kubectl scale -n shop deployment/liqo-demo-app --replicas 5
                    """)
                try await playground.eventually("[[ $(\(Self.running)) == 3 ]]")
                let plan =
                    "causewayctl plan -f config/samples/replicated-deployment.yaml -n shop --replicas 5"
                try await playground.eventually(
                    "kubectl get events -n shop | grep -q \"didn't match pod topology spread constraints\"")
                try await playground.expect(
                    "kubectl annotate -n shop namespaceoffloadings offloading causeway.io/fill=on")
                try await playground.eventually("[[ $(\(Self.running)) == 5 ]]")
                #expect(try await playground.expect(plan).contains("filled like water"))

                try await playground.expect(
                    """
                    kubectl delete pod large -n shop
                    kubectl scale -n shop deployment/liqo-demo-app --replicas 0
                    kubectl annotate --overwrite -n shop namespaceoffloadings offloading causeway.io/fill=europe-milan-edge=3
                    """)
                try await playground.eventually("[[ $(\(Self.running)) == 0 ]]")
                try await playground.expect("kubectl scale -n shop deployment/liqo-demo-app --replicas 8")
                try await playground.eventually("[[ $(\(Self.running)) == 8 ]]")
                let nodes = try await playground.expect(
                    "kubectl get pods -n shop -l app=liqo-demo-app -o jsonpath='{range .items[*]}{.spec.nodeName}{\"\\n\"}{end}' | sort | uniq -c | xargs"
                )
                #expect(nodes == "6 liqo-europe-milan-edge 2 liqo-europe-rome-edge\n")
            }
        }
    }
}
