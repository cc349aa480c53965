import Foundation
import Testing

extension EndToEnd {
    /// `causewayctl plan` foretells what then happens, and does nothing itself.
    @Suite(.serialized)
    struct PlanTests {
        private static let plan = "causewayctl plan -f config/samples/replicated-deployment.yaml -n liqo-demo "
        private static let perNode =
            "kubectl get pods -n liqo-demo -o jsonpath='{range .items[*]}{.spec.nodeName}{\"\\n\"}{end}' | sort | uniq -c | xargs"

        private struct Answer: Decodable {
            struct Placement: Decodable {
                let node: String
                let then: Int?
            }
            struct Move: Decodable {
                let from: String
                let to: String
            }
            let placement: [Placement]
            let moves: [Move]
            let pending: Int
        }

        private static func read(_ options: String, _ playground: Playground) async throws -> Answer {
            let text = try await playground.expect("\(plan) \(options) -o json")
            return try JSONDecoder().decode(Answer.self, from: Data(text.utf8))
        }

        @Test("a plan says what more replicas, one edge less and one more would bring, and it comes true")
        func plan() async throws {
            try await Playground.with(edges: ["europe-rome-edge", "europe-milan-edge"]) { playground in
                try await playground.refuse(Self.plan, saying: ["liqo-demo does not exist"])
                for name in ["ROME", "MILAN"] {
                    try await playground.expect(
                        "causewayctl generate peer-command --only-command --kubeconfig \"$KUBECONFIG_EUROPE_\(name)_EDGE\" | bash"
                    )
                }
                try await playground.expect(
                    """
                    kubectl create namespace liqo-demo
                    causewayctl offload namespace liqo-demo --namespace-mapping-strategy EnforceSameName \
                        --pod-offloading-strategy Remote --selector 'topology.liqo.io/type=destination'
                    """)
                let pods = "kubectl get pods,events -n liqo-demo -o name | sort"
                let before = try await playground.expect(pods)
                let first = try await playground.expect(Self.plan)
                #expect(first.contains("Deployment liqo-demo/liqo-demo-app: 2 wanted"), "\(first)")
                #expect(first.contains("Skew over kubernetes.io/hostname: 0 (maxSkew 1, DoNotSchedule)"), "\(first)")
                #expect(try await playground.expect(pods) == before)

                try await playground.expect(
                    """
                    kubectl apply -n liqo-demo -f config/samples/replicated-deployment.yaml
                    kubectl rollout status -n liqo-demo deployment/liqo-demo-app --timeout 30s
                    """)
                let more = try await Self.read("--replicas 5", playground)
                #expect(more.placement.count == 3 && more.moves.isEmpty && more.pending == 0)
                let then = more.placement.filter { $0.then ?? 0 > 0 }.map { "\($0.then ?? 0) \($0.node)" }
                    .joined(separator: " ")
                try await playground.expect("kubectl scale -n liqo-demo deployment/liqo-demo-app --replicas 5")
                try await playground.eventually("[[ $(\(Self.perNode)) == '\(then)' ]]")

                // Without an edge exactly its pods move; with one more, they go there where the skew asks for it.
                let without = try await Self.read("--replicas 5 --without europe-milan-edge", playground)
                #expect(Set(without.moves.map(\.from)) == ["europe-milan-edge"])
                #expect(Set(without.moves.map(\.to)) == ["europe-rome-edge"])
                let paris = "--with 'paris=4,8Gi,topology.liqo.io/type=destination'"
                let other = try await Self.read("--replicas 4 --without europe-milan-edge \(paris)", playground)
                #expect(Set(other.moves.map(\.to)) == ["paris"])
                // A pod that runs and one that cannot are explained, too.
                let pod = try await playground.expect(
                    "kubectl get pods -n liqo-demo -o name | head -n 1 | cut -d / -f 2"
                )
                .trimmingCharacters(in: .whitespacesAndNewlines)
                let explained = try await playground.expect("causewayctl explain pod \(pod) -n liqo-demo")
                #expect(explained.contains("Pod liqo-demo/\(pod) is on europe-"), "\(explained)")
                #expect(explained.contains("europe-cloud-control-plane   no "), "\(explained)")
                try await playground.expect(
                    """
                    kubectl run lost -n liqo-demo --image nginx --overrides \
                        '{"spec":{"nodeSelector":{"kubernetes.io/hostname":"liqo-nowhere"}}}'
                    """)
                let lost = try await playground.expect("causewayctl explain pod lost -n liqo-demo")
                #expect(lost.contains("stays Pending: 0/3 nodes are available: 3 node(s) didn't match"), "\(lost)")
                try await playground.expect("kubectl delete pod lost -n liqo-demo")

                // An edge of another kind is none of the namespace's: nobody has a place.
                let none = try await playground.run(
                    Self.plan
                        + "--replicas 1 --without europe-milan-edge --without europe-rome-edge --with 'paris=4,8Gi'")
                #expect(none.status == 1, "\(none.text)")
                #expect(none.output.contains("stays Pending: 0/2 nodes are available: "), "\(none.text)")
                #expect(none.errors.contains("1 pod would stay Pending"), "\(none.text)")
                #expect(
                    try await playground.expect(Self.perNode) == then + "\n", "a plan moved a pod")
            }
        }
    }
}
