import Foundation
import Testing

extension EndToEnd {
    /// What decides where pods go besides spread constraints, as kubectl sees it at the origin, with edges for nodes.
    @Suite(.serialized)
    struct SchedulingTests {
        private static let elsewhere = "1 node(s) didn't match Pod's node affinity/selector"

        /// Two pods of it fill both edges, each with three quarters of an edge's memory.
        private static let filler = """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: filler}
            spec:
              replicas: 3
              selector: {matchLabels: {app: filler}}
              template:
                metadata: {labels: {app: filler}}
                spec:
                  terminationGracePeriodSeconds: 1
                  containers:
                  - {name: c, image: busybox, command: [sleep, "1000"], resources: {requests: {memory: MEMORY}}}
                  affinity:
                    podAntiAffinity:
                      requiredDuringSchedulingIgnoredDuringExecution:
                      - {topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {app: filler}}}
            """

        private static let urgent = """
            apiVersion: scheduling.k8s.io/v1
            kind: PriorityClass
            metadata: {name: urgent}
            value: 1000
            ---
            apiVersion: v1
            kind: Pod
            metadata: {name: urgent}
            spec:
              priorityClassName: urgent
              schedulingGates: [{name: example.com/wait}]
              containers:
              - {name: c, image: busybox, command: [sleep, "1000"], resources: {requests: {memory: MEMORY}}}
            """

        private static func apply(_ manifest: String, _ playground: Playground) async throws {
            try await playground.expect(
                """
                memory=$(kubectl get node liqo-europe-rome-edge -o jsonpath='{.status.allocatable.memory}')
                sed "s/MEMORY/$((${memory%Ki} * 3 / 4))Ki/" <<'END' | kubectl apply -n jobs -f -
                \(manifest)
                END
                """)
        }

        @Test("pods that wait for a node since before their namespace was offloaded run once it is")
        func adopted() async throws {
            try await Playground.with(edges: ["europe-rome-edge"]) { playground in
                try await playground.expect(
                    """
                    kubectl cordon europe-cloud-control-plane
                    kubectl create namespace early
                    kubectl create deployment web -n early --image=nginxdemos/hello --replicas=2
                    timeout 20 bash -c 'until kubectl get pods -n early -o name | grep -q pod/web; do sleep 0.1; done'
                    kubectl wait -n early --for=jsonpath='{.status.conditions[0].reason}'=Unschedulable pod --all --timeout=20s
                    eval "$(causewayctl generate peer-command --only-command --kubeconfig "$KUBECONFIG_EUROPE_ROME_EDGE")"
                    causewayctl offload namespace early --namespace-mapping-strategy EnforceSameName \
                        --pod-offloading-strategy Remote
                    kubectl rollout status deployment web -n early --timeout=30s
                    """)
                #expect(
                    try await playground.expect(
                        "kubectl get events -n early --field-selector reason=Adopted -o name | wc -l"
                    ).contains("2"))
            }
        }

        @Test(
            "anti-affinity keeps pods on edges of their own, and an urgent pod, once its gate is gone, takes one's place"
        )
        func preemption() async throws {
            try await Playground.with(edges: ["europe-rome-edge", "europe-milan-edge"]) { playground in
                try await playground.expect(
                    """
                    for config in "$KUBECONFIG_EUROPE_ROME_EDGE" "$KUBECONFIG_EUROPE_MILAN_EDGE"; do
                        causewayctl generate peer-command --only-command --kubeconfig "$config" | bash
                    done
                    kubectl create namespace jobs
                    causewayctl offload namespace jobs --pod-offloading-strategy Remote \
                        --namespace-mapping-strategy EnforceSameName
                    """)
                try await Self.apply(Self.filler, playground)
                try await playground.eventually(
                    "kubectl get pods -n jobs -l app=filler --field-selector status.phase=Running -o wide "
                        + "| grep -o 'liqo-europe-[a-z]*-edge' | sort -u | wc -l | grep -q '^2$'")
                let why =
                    "0/3 nodes are available: \(Self.elsewhere), 2 Insufficient memory. no new claims to deallocate, preemption:"
                    + " 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for"
                    + " incoming pod."
                try await playground.eventually(
                    "kubectl events -n jobs --types=Warning | grep -F FailedScheduling | grep -qF \"\(why)\"")

                try await Self.apply(Self.urgent, playground)
                #expect(
                    try await playground.expect("kubectl get pod urgent -n jobs --no-headers").contains(
                        "SchedulingGated"))
                try await playground.refuse(
                    """
                    kubectl patch pod urgent -n jobs --type json \
                        -p '[{"op": "add", "path": "/spec/schedulingGates/-", "value": {"name": "example.com/more"}}]'
                    """, saying: ["only deletion is allowed, but found new scheduling gate 'example.com/more'"])
                try await playground.expect(
                    """
                    kubectl patch pod urgent -n jobs --type json -p '[{"op": "remove", "path": "/spec/schedulingGates"}]'
                    kubectl wait pod urgent -n jobs --for condition=Ready --timeout 30s
                    """)
                // The very edge that a victim left, at both ends, and with a reason for everybody who asks.
                try await playground.expect(
                    """
                    node=$(kubectl get pod urgent -n jobs -o jsonpath='{.spec.nodeName}')
                    uid=$(kubectl get pod urgent -n jobs -o jsonpath='{.metadata.uid}')
                    kubectl get events -n jobs --field-selector reason=Preempted | grep -qF "Preempted by pod $uid on node $node"
                    kubectl events -n jobs --for pod/urgent | grep -F FailedScheduling \
                        | grep -qF "0/3 nodes are available: \(Self.elsewhere), 2 Insufficient memory."
                    """)
                try await playground.eventually(
                    "(($(kubectl get pods -n jobs -l app=filler --field-selector status.phase=Running -o name | wc -l) == 1))"
                )
                try await playground.eventually(
                    """
                    both=$(for config in "$KUBECONFIG_EUROPE_ROME_EDGE" "$KUBECONFIG_EUROPE_MILAN_EDGE"; do
                        kubectl get pods -n jobs --kubeconfig "$config" --no-headers
                    done)
                    (($(wc -l <<<"$both") == 2)) && grep -q '^urgent ' <<<"$both"
                    """)
            }
        }
    }
}
