import Foundation
import Testing

extension EndToEnd {
    /// What pods use, at the edges that run them.
    @Suite(.serialized)
    struct ReflectionTests {
        private static let edges = ["europe-rome-edge", "europe-milan-edge"]

        /// Where clusters keep their objects: embedded ones, and etcd of real ones.
        private static let databases = "/state/cluster/|/control-plane/etcd"

        private static let manifests = """
            apiVersion: v1
            kind: ServiceAccount
            metadata: {name: builder}
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: settings}
            data: {color: blue}
            ---
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: unused}
            data: {color: red}
            ---
            apiVersion: v1
            kind: Secret
            metadata: {name: key}
            stringData: {password: hunter2-of-the-test}
            ---
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec: {type: NodePort, selector: {app: web}, ports: [{port: 80}]}
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: web}
            spec:
              replicas: 2
              selector: {matchLabels: {app: web}}
              template:
                metadata: {labels: {app: web}}
                spec:
                  serviceAccountName: builder
                  terminationGracePeriodSeconds: 1
                  topologySpreadConstraints:
                  - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: {matchLabels: {app: web}}}
                  containers:
                  - name: web
                    image: busybox
                    command: [sh, -c, 'while sleep 0.5; do echo "$(cat /etc/settings/color) ${#PASSWORD}"; done']
                    env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: key, key: password}}}]
                    volumeMounts: [{name: settings, mountPath: /etc/settings}]
                  volumes: [{name: settings, configMap: {name: settings}}]
            """

        /// Two edges, and the namespace `shop` offloaded to them.
        private func with(_ body: @Sendable (Playground, _ configs: [String]) async throws -> Void) async throws {
            try await Playground.with(edges: Self.edges, variables: ["CAUSEWAY_LOG_LEVEL": "trace"]) { playground in
                let configs = Self.edges.map { edge in
                    "\"$KUBECONFIG_\(edge.uppercased().replacingOccurrences(of: "-", with: "_"))\""
                }
                for config in configs {
                    try await playground.expect(
                        "causewayctl generate peer-command --only-command --kubeconfig \(config) | bash")
                }
                try await playground.expect(
                    "kubectl create namespace shop && causewayctl offload namespace shop --pod-offloading-strategy Remote "
                        + "--namespace-mapping-strategy EnforceSameName")
                try await body(playground, configs)
            }
        }

        @Test(
            "ConfigMaps, Secrets, Services and accounts are where the pods are, follow the origin, and go with the pods"
        )
        func reflected() async throws {
            try await with { playground, configs in
                try await playground.expect("kubectl apply -n shop -f - <<'END'\n\(Self.manifests)\nEND")
                try await playground.expect("kubectl rollout status -n shop deployment/web --timeout=60s")
                let pods = try await playground.expect("kubectl get pods -n shop -o name").split(separator: "\n")
                #expect(pods.count == 2)
                // Each pod says what it sees of both, through the peering.
                func says(_ pod: Substring, _ line: String, within limit: Duration = .seconds(30)) async throws {
                    try await playground.eventually(
                        "[[ $(kubectl logs -n shop \(pod) --tail=1) == '\(line)' ]]", within: limit)
                }
                for pod in pods { try await says(pod, "blue 19") }
                for config in configs {
                    let kubectl = "kubectl --kubeconfig \(config) -n shop"
                    try await playground.expect("[[ $(\(kubectl) get pods -o name | wc -l) == 1 ]]")
                    try await playground.expect("\(kubectl) get secret/key serviceaccount/builder")
                    try await playground.expect("[[ -z $(\(kubectl) get configmap unused --ignore-not-found) ]]")
                    try await playground.expect(
                        "[[ $(\(kubectl) get service web -o 'jsonpath={.spec.type} {.spec.ports[0].port}') == 'ClusterIP 80' ]]"
                    )
                    // The edge's own pod is behind it.
                    try await playground.eventually(
                        "[[ $(\(kubectl) get endpoints web -o 'jsonpath={.subsets[*].addresses[*].ip}') == "
                            + "$(\(kubectl) get pods -o 'jsonpath={.items[*].status.podIP}') ]]")
                    // A change at the edge is put right.
                    try await playground.expect(
                        "\(kubectl) patch configmap settings --type merge --patch '{\"data\":{\"color\":\"pink\"}}'")
                    try await playground.eventually(
                        "[[ $(\(kubectl) get configmap settings -o 'jsonpath={.data.color}') == blue ]]")
                }
                try await playground.expect(
                    "kubectl patch configmap settings -n shop --type merge --patch '{\"data\":{\"color\":\"green\"}}'")
                for pod in pods { try await says(pod, "green 19", within: .seconds(90)) }
                try await playground.expect("kubectl delete deployment web -n shop")
                for config in configs {
                    try await playground.eventually(
                        "[[ -z $(kubectl --kubeconfig \(config) -n shop get configmap/settings secret/key serviceaccount/builder "
                            + "--ignore-not-found -o name) ]]")
                }
                // Nobody but the clusters themselves keeps what the Secret holds: neither as it is nor as the API has it.
                let encoded = Data("hunter2-of-the-test".utf8).base64EncodedString()
                try await playground.expect("grep -q 'Secret/shop/key' \"$CAUSEWAY_PLAYGROUND\"/*-edge/log")
                let kept = try await playground.expect(
                    "grep -rlaE 'hunter2-of-the-test|\(encoded)' \"$CAUSEWAY_PLAYGROUND\" | grep -vE '\(Self.databases)' || true"
                )
                #expect(kept.isEmpty, "\(kept)")
                try await playground.expect("causewayctl unoffload namespace shop")
                for config in configs {
                    try await playground.eventually(
                        "[[ -z $(kubectl --kubeconfig \(config) get namespace shop --ignore-not-found) ]]")
                }
            }
        }

        @Test("a pod whose ConfigMap does not exist waits, is told so, and starts as soon as there is one")
        func missing() async throws {
            try await with { playground, _ in
                try await playground.expect(
                    """
                    kubectl apply -n shop -f - <<'END'
                    apiVersion: v1
                    kind: Pod
                    metadata: {name: waits}
                    spec:
                      containers: [{name: c, image: busybox, command: [sleep, "1000"], envFrom: [{configMapRef: {name: late}}]}]
                    END
                    """)
                try await playground.eventually(
                    "kubectl get events -n shop --field-selector reason=NotReflected,involvedObject.name=waits "
                        + "-o 'jsonpath={.items[*].message}' | grep -q 'ConfigMap \"late\" is not in namespace shop: create it'"
                )
                try await playground.eventually(
                    "[[ $(kubectl get pod waits -n shop -o 'jsonpath={.status.containerStatuses[0].state.waiting.reason}') "
                        + "== CreateContainerConfigError ]]")
                try await playground.expect("kubectl create configmap late -n shop --from-literal=A=b")
                try await playground.eventually(
                    "[[ $(kubectl get pod waits -n shop -o 'jsonpath={.status.phase}') == Running ]]",
                    within: .seconds(60))
            }
        }
    }
}
