import Foundation
import Testing

extension EndToEnd {
    /// What operators do about peers that they do not trust any more, and what is told of it.
    @Suite(.serialized)
    struct RevocationTests {
        private static let edge = "--kubeconfig \"$KUBECONFIG_EUROPE_ROME_EDGE\""
        private static func authentication(_ status: String, _ options: String = "") -> String {
            "kubectl get foreignclusters --no-headers \(options) | awk '{print $6}' | grep -qx \(status)"
        }

        @Test("a revoked hub is out at once and for good, its pods stay, and the next token brings it back (A9)")
        func revoke() async throws {
            try await Playground.with(edges: ["europe-rome-edge"]) { playground in
                let peer = "eval \"$(causewayctl generate peer-command --only-command \(Self.edge))\""
                try await playground.expect(peer)
                try await playground.expect(
                    """
                    kubectl create namespace liqo-demo
                    causewayctl offload namespace liqo-demo --namespace-mapping-strategy EnforceSameName \
                        --pod-offloading-strategy Remote
                    kubectl apply -n liqo-demo -f config/samples/replicated-deployment.yaml
                    kubectl rollout status -n liqo-demo deployment/liqo-demo-app --timeout 30s
                    """)
                let pods = "kubectl get pods -n liqo-demo \(Self.edge) -o jsonpath='{.items[*].metadata.uid}'"
                let before = try await playground.expect(pods)
                #expect(!before.isEmpty)
                try await playground.refuse(
                    "causewayctl revoke europe-rome-edge", saying: ["causewayctl revoke europe-cloud"])
                let revoked = try await playground.expect("causewayctl revoke europe-cloud \(Self.edge)")
                #expect(revoked.contains("Certificates of \"europe-cloud\" revoked"))
                try await playground.eventually(Self.authentication("Denied"))
                #expect(try await playground.expect(pods) == before)
                let back = try await playground.expect(peer)
                #expect(back.contains("Peering successfully established"))
                try await playground.eventually(Self.authentication("Established", Self.edge))
                #expect(try await playground.expect(pods) == before)
                // The audit log of the edge tells all of it, in order, and is its owner's only.
                let log = "\"$CAUSEWAY_PLAYGROUND\"/europe-rome-edge/state/audit.log"
                let events = try await playground.expect(
                    "python3 -c 'import json,sys; [print(json.loads(line)[\"event\"]) for line in sys.stdin]' < \(log)"
                ).split(separator: "\n").map(String.init)
                var rest = events[...]
                for event in [
                    "token-made", "token-used", "certificate-issued", "connected", "revoked", "disconnected",
                    "token-used", "certificate-issued", "connected",
                ] {
                    let place = try #require(rest.firstIndex(of: event), "\(event) is missing in \(events)")
                    rest = rest[(place + 1)...]
                }
                try await playground.expect("[[ $(stat -c %a \(log)) == 600 ]]")
                try await playground.expect(
                    "grep -q '\"event\":\"placement\"' \"$CAUSEWAY_PLAYGROUND\"/europe-cloud/state/audit.log")
            }
        }

        @Test("tokens are listed and deleted, and one that was deleted is good for nothing")
        func tokens() async throws {
            try await Playground.with(edges: ["europe-rome-edge"]) { playground in
                let peer = try await playground.expect(
                    "causewayctl generate peer-command --only-command --for europe-cloud \(Self.edge)")
                let id = try await playground.expect(
                    """
                    causewayctl tokens list \(Self.edge) | awk 'NR == 2 && $2 == "europe-cloud" && $3 == "Unused" {print $1}'
                    """
                ).trimmingCharacters(in: .whitespacesAndNewlines)
                #expect(id.count == 16)
                try await playground.expect("causewayctl tokens delete \(id) \(Self.edge)")
                try await playground.refuse(
                    peer, saying: ["the token was refused"])
                try await playground.refuse(
                    "causewayctl tokens delete \(id) \(Self.edge)", saying: ["there is no token"])
            }
        }

        @Test("no secret is in a log, an event, an error, a command line or a file that others may read (A1)")
        func secrets() async throws {
            try await Playground.with(edges: ["europe-rome-edge", "europe-milan-edge"]) { playground in
                // Beside the playground, which is gone with what it made itself.
                defer { try? FileManager.default.removeItem(atPath: playground.folder + "-said") }
                let text = try await playground.expect(
                    """
                    mkdir -m 700 "$CAUSEWAY_PLAYGROUND-said"
                    PEER=$(causewayctl generate peer-command --only-command \(Self.edge))
                    printf %s "${PEER##* }" | (umask 077; cat > "$CAUSEWAY_PLAYGROUND-said/token")
                    ${PEER%% --auth-token*} --auth-token-file "$CAUSEWAY_PLAYGROUND-said/token" -v 2>&1
                    """)
                #expect(text.contains("Peering successfully established"))
                // Used once more, so that the refusal is written everywhere as well.
                try await playground.refuse(
                    """
                    causewayctl unpeer out-of-band europe-rome-edge >&2
                    PEER=$(causewayctl generate peer-command --only-command \(Self.edge))
                    ${PEER%% --auth-token*} --auth-token-file "$CAUSEWAY_PLAYGROUND-said/token"
                    """, saying: ["the token was refused"])
                // The other way round, with what a user keeps in a Secret and in a pod, and with programs that die of it all.
                try await playground.expect(
                    """
                    JOIN=$(causewayctl generate join-command --only-command)
                    printf %s "${JOIN##* }" | (umask 077; cat > "$CAUSEWAY_PLAYGROUND-said/token-join")
                    KUBECONFIG=$KUBECONFIG_EUROPE_MILAN_EDGE ${JOIN%% --auth-token*} \
                        --auth-token-file "$CAUSEWAY_PLAYGROUND-said/token-join" 2>&1
                    umask 077
                    head -c 24 /dev/urandom | base64 | tr -d '+/=\n' > "$CAUSEWAY_PLAYGROUND-said/value"
                    kubectl create namespace shop
                    causewayctl offload namespace shop --pod-offloading-strategy Remote
                    kubectl create secret generic password -n shop --from-file=value="$CAUSEWAY_PLAYGROUND-said/value"
                    value=$(cat "$CAUSEWAY_PLAYGROUND-said/value")
                    kubectl apply -f - <<END
                    {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "shop"}, "spec": {"containers":
                     [{"name": "web", "image": "nginxdemos/hello", "env": [{"name": "PASSWORD", "value": "$value"}]}]}}
                    END
                    kubectl wait -n shop pod/web --for condition=Ready --timeout 60s
                    for name in europe-milan-edge europe-cloud; do
                        scripts/playground kill $name
                        scripts/playground start $name
                    done
                    kubectl wait foreignclusters/europe-milan-edge --timeout 60s \
                        --for 'jsonpath={.status.peeringConditions[?(@.type=="AuthenticationStatus")].status}=Established'
                    causewayctl revoke europe-milan-edge 2>&1
                    """)
                try await playground.expect(
                    """
                    # The secret is what stands between the id and the authority's pin. A file holds it: nothing is said aloud.
                    umask 077
                    for file in token token-join; do
                        token=$(cat "$CAUSEWAY_PLAYGROUND-said/$file")
                        printf '%s\n' "${token:12:40}" >> "$CAUSEWAY_PLAYGROUND-said/secret"
                    done
                    [[ $(wc -c < "$CAUSEWAY_PLAYGROUND-said/secret") == 82 ]] || exit 1
                    printf '%s\n' "$(cat "$CAUSEWAY_PLAYGROUND-said/value")" >> "$CAUSEWAY_PLAYGROUND-said/secret"
                    none() { if "$@"; then echo "a secret: $*" >&2; exit 1; fi; }
                    for config in "$CAUSEWAY_PLAYGROUND"/liqo_kubeconf_*; do
                        kubectl --kubeconfig "$config" get events,foreignclusters,nodes,configmaps -A -o json > "$CAUSEWAY_PLAYGROUND-said/said"
                        none grep -F -f "$CAUSEWAY_PLAYGROUND-said/secret" "$CAUSEWAY_PLAYGROUND-said/said"
                    done
                    # No log, the audit log neither, has it or a key.
                    find "$CAUSEWAY_PLAYGROUND" -name '*.log' -exec cat {} + > "$CAUSEWAY_PLAYGROUND-said/logged"
                    [[ -s $CAUSEWAY_PLAYGROUND-said/logged ]] || exit 1
                    none grep -F -f "$CAUSEWAY_PLAYGROUND-said/secret" "$CAUSEWAY_PLAYGROUND-said/logged"
                    none grep -F 'PRIVATE KEY' "$CAUSEWAY_PLAYGROUND-said/logged"
                    # No process that runs was given it.
                    cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' > "$CAUSEWAY_PLAYGROUND-said/running"
                    none grep -F -f "$CAUSEWAY_PLAYGROUND-said/secret" "$CAUSEWAY_PLAYGROUND-said/running"
                    # Files with keys, tokens or the kubeconfig's credentials are their owner's.
                    find "$CAUSEWAY_PLAYGROUND" -type f -perm /077 -exec grep -lE 'PRIVATE KEY|client-key-data' {} + > "$CAUSEWAY_PLAYGROUND-said/open"
                    find "$CAUSEWAY_PLAYGROUND" -type f -perm /077 -exec grep -lF -f "$CAUSEWAY_PLAYGROUND-said/secret" {} + >> "$CAUSEWAY_PLAYGROUND-said/open"
                    none grep . "$CAUSEWAY_PLAYGROUND-said/open"
                    """)
            }
        }
    }
}
