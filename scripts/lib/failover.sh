# shellcheck shell=bash disable=SC2016 # The steps are commands in quotes, as a reader would type them.
# An edge dies, its pods run on the others, and it comes back. Sourced by scripts/demo.

failover_edges=europe-rome-edge,europe-milan-edge,europe-paris-edge
dying=europe-milan-edge

failover() {
    heading "Provision the playground, and peer three edges" && provision_three
    heading "Spread a deployment over them" && deploy_spread
    heading "In another namespace pods stay with their edge, whatever happens" && deploy_keeping
    heading "One edge dies" && kill_edge
    heading "What runs there goes on without its daemon" && outlive
    heading "Its replicas are replaced on the others" && replaced
    heading "It comes back, and nothing is doubled" && come_back
    heading "Destroy the clusters" && destroy_playground
}

provision_three() {
    local name
    run 'scripts/playground up --edges '"$failover_edges --$build" says 'Cluster "europe-paris-edge" has been created.'
    run 'eval "$(scripts/playground env)"' says_nothing
    for name in ${failover_edges//,/ }; do
        run 'causewayctl generate peer-command --only-command --kubeconfig "$'"$(kubeconfig_variable "$name")"'" | bash' peers_with "$name"
    done
}

# offload_with NAMESPACE: offloads it to all edges.
offload_with() {
    run "kubectl create namespace $1" lines_are "namespace/$1 created"
    run "causewayctl offload namespace $1 --namespace-mapping-strategy EnforceSameName --pod-offloading-strategy Remote" \
        lines_are "Offloading of namespace \"$1\" correctly enabled" 'Offloading completed successfully'
}

deploy_spread() {
    offload_with liqo-demo
    run 'kubectl apply -f config/samples/replicated-deployment.yaml -n liqo-demo' lines_are 'deployment.apps/liqo-demo-app created'
    run 'kubectl scale deployment liqo-demo-app -n liqo-demo --replicas=6' lines_are 'deployment.apps/liqo-demo-app scaled'
    eventually 10 "two pods run on each edge" spread liqo-demo 6 liqo-europe-rome-edge liqo-europe-milan-edge liqo-europe-paris-edge
    run 'kubectl get pods -n liqo-demo -o wide' says liqo-europe-rome-edge liqo-europe-milan-edge liqo-europe-paris-edge
    survivors=$(pods liqo-demo | grep -v " liqo-$dying\$" | sort)
}

deploy_keeping() {
    local kubeconfig
    offload_with liqo-kept
    run 'kubectl annotate namespaceoffloading offloading -n liqo-kept causeway.io/on-disconnect=keep' says annotated
    run 'kubectl apply -f config/samples/replicated-deployment.yaml -n liqo-kept' lines_are 'deployment.apps/liqo-demo-app created'
    run 'kubectl scale deployment liqo-demo-app -n liqo-kept --replicas=3' lines_are 'deployment.apps/liqo-demo-app scaled'
    eventually 10 "one pod runs on each edge" spread liqo-kept 3 liqo-europe-rome-edge liqo-europe-milan-edge liqo-europe-paris-edge
    # Asked now: a dead edge tells nobody by which uid it keeps a pod.
    kept=$(kubectl get pods -n liqo-kept --field-selector "spec.nodeName=liqo-$dying" -o 'jsonpath={.items[0].metadata.name}')
    kubeconfig=$(kubeconfig_variable "$dying")
    kept_uid=$(kubectl get pod "$kept" -n liqo-kept -o 'jsonpath={.metadata.uid}' --kubeconfig "${!kubeconfig}")
}

kill_edge() {
    run "scripts/playground kill $dying" says_nothing
    eventually 4 "its node is NotReady" node_not_ready "liqo-$dying"
    run 'kubectl get nodes --selector=liqo.io/type=virtual-node' table 'NAME STATUS ROLES AGE VERSION' \
        "liqo-$dying NotReady agent [0-9ms]+ v[0-9.]+[^ ]*" \
        'liqo-europe-rome-edge Ready agent [0-9ms]+ v[0-9.]+[^ ]*' 'liqo-europe-paris-edge Ready agent [0-9ms]+ v[0-9.]+[^ ]*'
}

node_not_ready() {
    if node_ready "$1" >/dev/null; then echo "$1 is Ready"; return 1; fi
}

# supervisors: the process ids of those that keep the dying edge's pods; they know no daemon.
supervisors() { pgrep -f "^[^ ]*causeway-supervisor $CAUSEWAY_PLAYGROUND/$dying/state/pods/" || true; }

outlive() {
    local container
    check "its three pods still run" counted 3 supervisors
    container=$(kept_container)
    run "kill -KILL $container  # the container's process of pod $kept" says_nothing
    eventually 20 "the container runs again, though nobody runs the edge" runs_again "$container"
}

# counted COUNT COMMAND: so many lines.
counted() {
    local number
    number=$("$2" | grep -c . || true)
    [[ $number == "$1" ]] || { echo "there are $number, not $1"; return 1; }
}

# The process of the container of the pod that stays; none while there is none.
kept_container() {
    local supervisor
    supervisor=$(pgrep -f "^[^ ]*causeway-supervisor $CAUSEWAY_PLAYGROUND/$dying/state/pods/pods/$kept_uid\$") || return 0
    pgrep -P "$supervisor" | head -n 1 || true
}

runs_again() {
    local container
    container=$(kept_container)
    [[ -n $container && $container != "$1" ]] || { echo "its process is \"$container\""; return 1; }
}

replaced() {
    eventually 20 "six pods run on the other two, after the grace period of 10 s" \
        spread liqo-demo 6 liqo-europe-rome-edge liqo-europe-paris-edge
    run 'kubectl get pods -n liqo-demo -o wide' says Running
    check "the pods that were there have not moved" demo_unmoved
    check "the other namespace's pod is still the edge's" kept_there
}

demo_unmoved() {
    local missing
    missing=$(comm -23 <(printf '%s\n' "$survivors") <(pods liqo-demo | sort))
    [[ -z $missing ]] || { echo "no longer so: ${missing//$'\n'/; }"; return 1; }
}

kept_there() {
    local node
    node=$(kubectl get pod "$kept" -n liqo-kept -o 'jsonpath={.spec.nodeName}' 2>&1) || { echo "$node"; return 1; }
    [[ $node == "liqo-$dying" ]] || { echo "it is on $node"; return 1; }
}

come_back() {
    local name
    run "scripts/playground start $dying" says_nothing
    eventually 10 "its node is Ready" node_ready "liqo-$dying"
    eventually 10 "only the pod that stayed is left there" counted 1 supervisors
    check "six pods still run, on the two" spread liqo-demo 6 liqo-europe-rome-edge liqo-europe-paris-edge
    check "the pods that were there have not moved" demo_unmoved
    for name in ${failover_edges//,/ }; do
        eventually 5 "$name runs these and no others" both_at_edge "$name"
    done
    eventually 5 "the origin learns that the container was restarted meanwhile" restarted
    run 'kubectl get pods -n liqo-kept -o wide' says "$kept"
    run 'kubectl scale deployment liqo-demo-app -n liqo-demo --replicas=8' lines_are 'deployment.apps/liqo-demo-app scaled'
    eventually 10 "it takes new pods" spread_anew
}

# both_at_edge NAME: in both namespaces the edge's own API tells what the origin's does.
both_at_edge() {
    local kubeconfig
    kubeconfig=$(kubeconfig_variable "$1")
    at_edge "liqo-$1" "${!kubeconfig}" liqo-demo && at_edge "liqo-$1" "${!kubeconfig}" liqo-kept
}

restarted() {
    local count
    count=$(kubectl get pod "$kept" -n liqo-kept -o 'jsonpath={.status.containerStatuses[0].restartCount}' 2>&1) || { echo "$count"; return 1; }
    [[ $count == 1 ]] || { echo "the origin tells of $count restarts"; return 1; }
}

spread_anew() { running_pods liqo-demo 8 && { pods liqo-demo | grep -q " liqo-$dying\$" || { echo "none runs there"; return 1; }; }; }
