import Foundation
import Testing

extension EndToEnd {
    /// Each wrong input has a clear message and a failing exit status, and changes nothing.
    @Suite(.serialized)
    struct BadInputTests {
        /// The peer command of an edge, with parts of it replaced.
        private static let generate =
            "PEER=$(causewayctl generate peer-command --only-command --kubeconfig \"$KUBECONFIG_EUROPE_ROME_EDGE\") && "

        @Test("wrong tokens, names and addresses of peerings are refused, and change nothing")
        func peerings() async throws {
            try await Playground.with(edges: ["europe-rome-edge"]) { playground in
                let before = try await playground.picture()
                func unchanged(_ what: String) async throws {
                    let after = try await playground.picture()
                    #expect(after == before, "\(what) changed something")
                }

                // The last digits of a token are its authority's, the first ones its secret: either makes it wrong.
                try await playground.refuse(
                    Self.generate + "eval \"${PEER/%????????/AAAAAAAA} --timeout 10s\"", saying: ["token"])
                try await unchanged("a token that is cut")
                try await playground.refuse(
                    Self.generate + "eval \"${PEER% *} nonsense --timeout 10s\"", saying: ["token"])
                try await unchanged("a token that is none")

                try await playground.refuse(
                    "PEER=$(causewayctl generate peer-command --only-command --ttl 1s "
                        + "--kubeconfig \"$KUBECONFIG_EUROPE_ROME_EDGE\"); sleep 2; eval \"$PEER --timeout 10s\"",
                    saying: ["token", "expired"])
                try await unchanged("an expired token")

                try await playground.refuse(
                    Self.generate
                        + "eval \"$(sed -E 's#tls://[^ ]+#tls://127.0.0.1:9#' <<<\"$PEER\") --timeout 4s\"",
                    saying: ["127.0.0.1:9", "refused"])
                try await unchanged("an edge that cannot be reached")

                let id = try await playground.expect(
                    "causewayctl status -o json | python3 -c 'import json,sys; print(json.load(sys.stdin)[\"cluster\"][\"id\"])'"
                ).trimmingCharacters(in: .whitespacesAndNewlines)
                try await playground.refuse(
                    Self.generate + "eval \"$(sed -E 's#--cluster-id [^ ]+#--cluster-id \(id)#' <<<\"$PEER\")\"",
                    saying: ["the Cluster ID of the remote cluster is the same of that of the local cluster"])
                try await unchanged("peering with itself")

                try await playground.refuse(
                    "causewayctl unpeer out-of-band europe-oslo-edge", saying: ["europe-oslo-edge"])
                try await unchanged("unpeering an unknown cluster")
            }
        }

        @Test("a token works once, a name is peered once, and uninstalling waits until nothing is peered")
        func secondPeering() async throws {
            try await Playground.with(edges: ["europe-rome-edge", "europe-milan-edge"]) { playground in
                let command = try await playground.expect(Self.generate + "echo \"$PEER\"")
                    .trimmingCharacters(in: .whitespacesAndNewlines)
                try await playground.expect(command)
                let before = try await playground.picture()
                func unchanged(_ what: String) async throws {
                    let after = try await playground.picture()
                    #expect(after == before, "\(what) changed something")
                }

                try await playground.refuse(
                    "PEER=$(causewayctl generate peer-command --only-command --kubeconfig \"$KUBECONFIG_EUROPE_MILAN_EDGE\") && "
                        + "eval \"${PEER/europe-milan-edge/europe-rome-edge}\"",
                    saying: ["europe-rome-edge", "another"])
                try await unchanged("a name that is peered with another cluster")

                try await playground.refuse(
                    "causewayctl uninstall --timeout 5s", saying: ["europe-rome-edge", "unpeer"])
                try await playground.refuse(
                    "causewayctl uninstall --timeout 5s --kubeconfig \"$KUBECONFIG_EUROPE_ROME_EDGE\"",
                    saying: ["europe-cloud", "unpeer"])
                try await unchanged("a refused uninstall")

                try await playground.expect("causewayctl unpeer out-of-band europe-rome-edge")
                try await playground.refuse(command + " --timeout 10s", saying: ["token", "used"])
                // The edge takes a new token at once.
                try await playground.expect(Self.generate + "eval \"$PEER\"")
            }
        }

        @Test("wrong offloadings are refused or say what failed, and touch nothing that is not theirs")
        func offloadings() async throws {
            try await Playground.with(edges: ["europe-rome-edge", "europe-milan-edge"]) { playground in
                for name in ["ROME", "MILAN"] {
                    try await playground.expect(
                        "causewayctl generate peer-command --only-command --kubeconfig \"$KUBECONFIG_EUROPE_\(name)_EDGE\" | bash"
                    )
                }
                try await playground.expect("kubectl create namespace shop")
                let before = try await playground.picture()
                let offload = "causewayctl offload namespace"
                try await playground.refuse("\(offload) nowhere", saying: ["nowhere", "does not exist"])
                try await playground.refuse(
                    "\(offload) shop --pod-offloading-strategy Sideways", saying: ["Sideways", "LocalAndRemote"])
                try await playground.refuse(
                    "\(offload) shop --namespace-mapping-strategy Any", saying: ["Any", "EnforceSameName"])
                try await playground.refuse("\(offload) shop --selector 'a in (b'", saying: ["selector"])
                let after = try await playground.picture()
                #expect(after == before)

                let none = try await playground.run("\(offload) shop --selector topology.liqo.io/type=nothing")
                #expect(none.text.contains("no cluster was selected"), "\(none.text)")
                #expect(
                    try await playground.expect(
                        "kubectl get nsof offloading -n shop -o jsonpath={.status.offloadingPhase}")
                        == "NoClusterSelected")
                try await playground.expect("causewayctl unoffload namespace shop")

                // Somebody else's namespace of the same name, with something in it.
                let rome = "--kubeconfig \"$KUBECONFIG_EUROPE_ROME_EDGE\""
                try await playground.expect("kubectl create namespace shop \(rome)")
                try await playground.expect("kubectl create configmap theirs -n shop --from-literal=key=value \(rome)")
                let theirs = "kubectl get namespace/shop \(rome) -o jsonpath='{.metadata}'"
                let metadata = try await playground.expect(theirs)
                try await playground.refuse(
                    "\(offload) shop --namespace-mapping-strategy EnforceSameName --pod-offloading-strategy Remote --timeout 15s",
                    saying: ["SomeFailed", "europe-rome-edge"])
                #expect(try await playground.expect(theirs) == metadata)
                try await playground.expect("causewayctl unoffload namespace shop")
                #expect(try await playground.expect(theirs) == metadata)
                try await playground.expect("kubectl get configmap theirs -n shop \(rome)")
            }
        }

        @Test("a busy port, unknown settings and unknown arguments are named, and start nothing")
        func daemons() async throws {
            try await Playground.with(edges: ["europe-rome-edge"]) { playground in
                let api = try await playground.expect(
                    "kubectl config view --minify -o 'jsonpath={.clusters[0].cluster.server}'")
                let port = try #require(api.split(separator: ":").last)
                try await playground.refuse(
                    "causeway-agent --state \"$CAUSEWAY_PLAYGROUND/other\" --cluster-name other --api-listen 127.0.0.1:\(port); "
                        + "code=$?; rm -rf \"$CAUSEWAY_PLAYGROUND/other\"; exit $code",
                    saying: ["127.0.0.1:\(port)", "in use"])
                try await playground.refuse(
                    "file=$(mktemp); printf 'cluster-name: a\\nstate: /nonexistent\\ncolour: blue\\n' >$file; "
                        + "causeway-hub --config $file; code=$?; rm $file; exit $code",
                    saying: [":3: ", "colour"])
                try await playground.refuse("scripts/playground up --edges europe-cloud", saying: ["europe-cloud"])
                try await playground.refuse("scripts/playground up --edges Rome", saying: ["Rome"])
                try await playground.refuse("scripts/playground down europe-oslo-edge", saying: ["europe-oslo-edge"])
                try await playground.refuse("scripts/playground sideways", saying: ["sideways"])
            }
        }
    }
}
