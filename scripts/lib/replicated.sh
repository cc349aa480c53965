# shellcheck shell=bash disable=SC2016 # The steps are commands in quotes, as the tutorial prints them.
# The tutorial "Replicated Deployments", command by command. Sourced by scripts/demo.

replicated_edges=europe-rome-edge,europe-milan-edge

replicated() {
    heading "Provision the playground" && provision || return 1
    heading "Check the clusters' labels" && check_labels
    heading "Peer the clusters" && peer_both
    heading "Look at the peerings" && look_at_peerings
    heading "Tune namespace offloading" && offload_demo
    heading "Deploy the application" && deploy_demo
    heading "Read its logs, and ask it for a page" && read_logs
    heading "Go into a pod" && visit_pod
    heading "More replicas than edges" && scale_demo
    heading "Unoffload the namespace" && unoffload_demo
    heading "Revoke the peerings" && unpeer_both
    heading "Uninstall" && uninstall_all
    heading "Destroy the clusters" && destroy_clusters
}

check_labels() {
    run 'causewayctl status' \
        says "Cluster name: $origin" 'topology.liqo.io/type: origin' 'is not peered with any remote cluster'
    run 'causewayctl status --kubeconfig "$KUBECONFIG_EUROPE_ROME_EDGE"' \
        says 'Cluster name: europe-rome-edge' 'topology.liqo.io/type: destination'
    run 'causewayctl status --kubeconfig "$KUBECONFIG_EUROPE_MILAN_EDGE"' \
        says 'Cluster name: europe-milan-edge' 'topology.liqo.io/type: destination'
}

peer_both() {
    run 'PEER_EUROPE_ROME_EDGE=$(causewayctl generate peer-command --only-command --kubeconfig $KUBECONFIG_EUROPE_ROME_EDGE)' says_nothing
    run 'PEER_EUROPE_MILAN_EDGE=$(causewayctl generate peer-command --only-command --kubeconfig $KUBECONFIG_EUROPE_MILAN_EDGE)' says_nothing
    check "each command is one line" is_peer_command "$PEER_EUROPE_ROME_EDGE" europe-rome-edge
    check "and names its edge" is_peer_command "$PEER_EUROPE_MILAN_EDGE" europe-milan-edge
    run 'echo "$PEER_EUROPE_ROME_EDGE" | bash' peers_with europe-rome-edge
    run 'echo "$PEER_EUROPE_MILAN_EDGE" | bash' peers_with europe-milan-edge
}

# is_peer_command TEXT NAME
is_peer_command() {
    [[ $1 =~ ^causewayctl\ peer\ out-of-band\ $2\ --auth-url\ tls://[^\ ]+:[0-9]+\ --cluster-id\ [-0-9a-f]{36}\ --auth-token\ [^\ ]+$ ]] ||
        { echo "it is: ${1%%--auth-token*}"; return 1; }
}

# The stages of a peering, a line each.
peers_with() {
    lines_are 'Peering enabled' "Authenticated to cluster \"$1\"" \
        "Outgoing peering activated to the remote cluster \"$1\"" "Network established to the remote cluster \"$1\"" \
        "Node created for remote cluster \"$1\"" 'Peering successfully established'
}

look_at_peerings() {
    local age='[0-9hms]+' labels='[^ ]*liqo.io/remote-cluster-id=[-0-9a-f]{36},[^ ]*liqo.io/type=virtual-node,[^ ]*topology.liqo.io/type=destination[^ ]*'
    run 'kubectl get foreignclusters' table \
        'NAME TYPE OUTGOING PEERING INCOMING PEERING NETWORKING AUTHENTICATION AGE' \
        "europe-rome-edge OutOfBand Established None Established Established $age" \
        "europe-milan-edge OutOfBand Established None Established Established $age"
    run 'kubectl get node --selector=liqo.io/type=virtual-node --show-labels' table \
        'NAME STATUS ROLES AGE VERSION LABELS' \
        "liqo-europe-milan-edge Ready agent $age v[0-9.]+[^ ]* $labels" \
        "liqo-europe-rome-edge Ready agent $age v[0-9.]+[^ ]* $labels"
    run 'causewayctl status' says 'round-trip time'
}

offload_demo() {
    run 'kubectl create namespace liqo-demo' lines_are 'namespace/liqo-demo created'
    run 'causewayctl offload namespace liqo-demo \
  --namespace-mapping-strategy EnforceSameName \
  --pod-offloading-strategy Remote \
  --selector '"'topology.liqo.io/type=destination'" \
        lines_are 'Offloading of namespace "liqo-demo" correctly enabled' 'Offloading completed successfully'
    run 'kubectl get namespaces liqo-demo --kubeconfig="$KUBECONFIG_EUROPE_ROME_EDGE"' \
        table 'NAME STATUS AGE' 'liqo-demo Active [0-9ms]+'
    run 'kubectl get namespaces liqo-demo --kubeconfig="$KUBECONFIG_EUROPE_MILAN_EDGE"' \
        table 'NAME STATUS AGE' 'liqo-demo Active [0-9ms]+'
}

deploy_demo() {
    local address='[0-9.]+' name='liqo-demo-app-[0-9a-z]+-[0-9a-z]{5}'
    run 'kubectl apply -f config/samples/replicated-deployment.yaml -n liqo-demo' \
        lines_are 'deployment.apps/liqo-demo-app created'
    eventually 10 "one pod runs on each edge" demo_spread 2
    run 'kubectl get pod -n liqo-demo -o wide' table \
        'NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES' \
        "$name 1/1 Running 0 [0-9ms]+ $address liqo-europe-rome-edge <none> <none>" \
        "$name 1/1 Running 0 [0-9ms]+ $address liqo-europe-milan-edge <none> <none>"
    run 'kubectl get pod -n liqo-demo --kubeconfig="$KUBECONFIG_EUROPE_ROME_EDGE"' \
        table 'NAME READY STATUS RESTARTS AGE' "$name 1/1 Running 0 [0-9ms]+"
    run 'kubectl get pod -n liqo-demo --kubeconfig="$KUBECONFIG_EUROPE_MILAN_EDGE"' \
        table 'NAME READY STATUS RESTARTS AGE' "$name 1/1 Running 0 [0-9ms]+"
}

# demo_spread COUNT: spread evenly over both edges, and each edge's API tells the same.
demo_spread() {
    spread liqo-demo "$1" liqo-europe-rome-edge liqo-europe-milan-edge &&
        at_edge liqo-europe-rome-edge "$KUBECONFIG_EUROPE_ROME_EDGE" liqo-demo &&
        at_edge liqo-europe-milan-edge "$KUBECONFIG_EUROPE_MILAN_EDGE" liqo-demo
}

# demo_runs COUNT: on both edges, however many on each, and each edge's API tells the same.
demo_runs() {
    running_pods liqo-demo "$1" liqo-europe-rome-edge liqo-europe-milan-edge &&
        at_edge liqo-europe-rome-edge "$KUBECONFIG_EUROPE_ROME_EDGE" liqo-demo &&
        at_edge liqo-europe-milan-edge "$KUBECONFIG_EUROPE_MILAN_EDGE" liqo-demo
}

read_logs() {
    run 'POD=$(kubectl get pod -n liqo-demo --field-selector spec.nodeName=liqo-europe-rome-edge -o name)' says_nothing
    run 'kubectl logs -n liqo-demo $POD --tail=1' says 'nginxdemos/hello: serving liqo-demo-app-'
    run 'kubectl logs -n liqo-demo $POD --tail=1 --kubeconfig="$KUBECONFIG_EUROPE_ROME_EDGE"' \
        says 'nginxdemos/hello: serving liqo-demo-app-'
    local followed
    followed=$(mktemp)
    kubectl logs -f -n liqo-demo "$POD" >"$followed" 2>&1 &
    local follower=$!
    eventually 5 "kubectl logs -f follows it through the peering" grep -q serving "$followed" || true
    if is_root; then
        run 'curl -s "http://$(kubectl get -n liqo-demo $POD -o jsonpath={.status.podIP})"' \
            says 'Server address:' "Server name: ${POD#pod/}"
        eventually 5 "and shows the request that came just now" grep -q url: "$followed" || true
    else
        echo "(Without root a pod's address cannot be reached from outside of the pod, so there is no page to ask for.)"
    fi
    kill "$follower" 2>/dev/null || true
    wait "$follower" 2>/dev/null || true
    rm -f "$followed"
}

scale_demo() {
    local count before=2
    for count in 3 4 7 4 3 2; do
        run "kubectl scale deployment liqo-demo-app -n liqo-demo --replicas=$count" \
            lines_are 'deployment.apps/liqo-demo-app scaled'
        # Kubernetes' own ReplicaSet controller knows nothing of spread constraints when it chooses the pods that go.
        if ((count < before)) && [[ -d $CAUSEWAY_PLAYGROUND/$origin/control-plane ]]; then
            eventually 10 "$count pods run, those that Kubernetes' own controller has left" demo_runs "$count"
        else
            eventually 10 "$count pods run, and the edges' numbers differ by one at most" demo_spread "$count"
        fi
        before=$count
    done
}

unoffload_demo() {
    run 'causewayctl unoffload namespace liqo-demo' \
        lines_are 'Offloading of namespace "liqo-demo" correctly disabled' 'Unoffloading completed successfully'
    eventually 2 "the namespace is gone from europe-rome-edge" gone namespace liqo-demo --kubeconfig "$KUBECONFIG_EUROPE_ROME_EDGE"
    eventually 2 "the namespace is gone from europe-milan-edge" gone namespace liqo-demo --kubeconfig "$KUBECONFIG_EUROPE_MILAN_EDGE"
}

unpeer_both() {
    local name
    for name in europe-rome-edge europe-milan-edge; do
        run "causewayctl unpeer out-of-band $name" lines_are 'Outgoing peering marked as disabled' \
            "Successfully disabled outgoing peering to the remote cluster \"$name\"" 'Foreign cluster resource successfully removed'
    done
    check "the virtual nodes are gone" gone_all nodes --selector=liqo.io/type=virtual-node
    check "the foreign clusters are gone" gone_all foreignclusters
}

gone_all() {
    local said
    said=$(kubectl get "$@" -o name 2>&1) || { echo "$said"; return 1; }
    [[ -z $said ]] || { echo "there are: $said"; return 1; }
}

uninstall_all() {
    check_rights
    run 'causewayctl uninstall' lines_are 'Pre-uninstall checks passed' 'Causeway uninstalled'
    run 'causewayctl uninstall --kubeconfig="$KUBECONFIG_EUROPE_ROME_EDGE"' \
        lines_are 'Pre-uninstall checks passed' 'Causeway uninstalled'
    run 'causewayctl uninstall --purge --kubeconfig="$KUBECONFIG_EUROPE_MILAN_EDGE"' \
        lines_are 'Pre-uninstall checks passed' 'Causeway uninstalled' 'Causeway CRDs purged'
    run 'kubectl get customresourcedefinitions -o name' says foreignclusters.discovery.liqo.io
    run 'kubectl get customresourcedefinitions -o name --kubeconfig="$KUBECONFIG_EUROPE_MILAN_EDGE"' says_not liqo.io
}

says_not() { [[ $output != *"$1"* ]] || { echo "it says \"$1\""; return 1; }; }

destroy_clusters() {
    run "scripts/playground down $origin" says "Cluster \"$origin\" has been deleted."
    run 'scripts/playground down europe-rome-edge' says 'Cluster "europe-rome-edge" has been deleted.'
    run 'scripts/playground down europe-milan-edge' says 'Cluster "europe-milan-edge" has been deleted.'
    eventually 5 "nothing is left of them: no process, file or network interface" nothing_left
}
