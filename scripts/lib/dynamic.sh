# shellcheck shell=bash disable=SC2016 # The steps are commands in quotes, as the tutorial prints them.
# The tutorial "Dynamic topology", command by command. Sourced by scripts/demo.

dynamic_edges=europe-rome-edge,europe-milan-edge

dynamic() {
    heading "Provision the playground" && provision || return 1
    heading "Peer the clusters, and offload the namespace liqo-test" && offload_test
    heading "Deploy the application" && deploy_test
    heading "Disable a peering" && disable_peering
    heading "Resume the peering" && resume_peering
    heading "A third edge joins" && join_third
    heading "Clean up the environment" && clean_up
    heading "Destroy the clusters" && destroy_playground
}

offload_test() {
    run 'causewayctl generate peer-command --only-command --kubeconfig "$KUBECONFIG_EUROPE_ROME_EDGE" | bash' peers_with europe-rome-edge
    run 'causewayctl generate peer-command --only-command --kubeconfig "$KUBECONFIG_EUROPE_MILAN_EDGE" | bash' peers_with europe-milan-edge
    run 'kubectl create namespace liqo-test' lines_are 'namespace/liqo-test created'
    run 'kubectl apply -f config/samples/namespace-offloading.yaml' \
        lines_are 'namespaceoffloading.offloading.liqo.io/offloading created'
    run 'kubectl wait namespaceoffloading offloading -n liqo-test --for=jsonpath={.status.offloadingPhase}=Ready --timeout=20s' \
        lines_are 'namespaceoffloading.offloading.liqo.io/offloading condition met'
    run 'kubectl get namespaceoffloading -n liqo-test' table \
        'NAME NAMESPACEMAPPINGSTRATEGY PODOFFLOADINGSTRATEGY OFFLOADINGPHASE AGE' \
        'offloading EnforceSameName Remote Ready [0-9ms]+'
}

deploy_test() {
    run 'kubectl apply -f config/samples/dynamic-topology.yaml -n liqo-test' \
        lines_are 'deployment.apps/nginx-deployment created' 'service/liqo-test-service created'
    eventually 10 "three pods run on the edges" running_pods liqo-test 3 liqo-europe-rome-edge liqo-europe-milan-edge
    eventually 2 "the service's endpoints are these pods" endpoints_follow liqo-test liqo-test-service
    run 'kubectl describe service liqo-test-service -n liqo-test | grep Endpoints' says 'Endpoints:'
}

# Which of the two edges leaves: as the tutorial says, the second unless it has no pod. Sets leaving, staying and the variable.
choose_leaving() {
    leaving=$REMOTE_CLUSTER_ID_3 staying=$REMOTE_CLUSTER_ID_2 variable=REMOTE_CLUSTER_ID_3
    if ! pods liqo-test | grep -q " liqo-$leaving\$"; then
        leaving=$REMOTE_CLUSTER_ID_2 staying=$REMOTE_CLUSTER_ID_3 variable=REMOTE_CLUSTER_ID_2
    fi
}

# The name of the variable with an edge's kubeconfig.
kubeconfig_variable() { echo "KUBECONFIG_$(tr a-z- A-Z_ <<<"$1")"; }

patch_peering() {
    run 'kubectl patch foreignclusters $'"$1"' \
--patch '"'{\"spec\":{\"outgoingPeeringEnabled\":\"$2\"}}'"' \
--type '"'merge'" lines_are "foreigncluster.discovery.liqo.io/${!1} patched"
}

disable_peering() {
    local kubeconfig row='nginx-deployment-[0-9a-z]+-[0-9a-z]{5} 1/1 Running 0 [0-9ms]+'
    run 'kubectl get pods -n liqo-test -o wide' says Running
    choose_leaving
    kubeconfig=$(kubeconfig_variable "$leaving")
    patch_peering "$variable" No
    eventually 2 "all three pods run on $staying" running_pods liqo-test 3 "liqo-$staying"
    run 'kubectl get pods -n liqo-test' only_running 3
    eventually 5 "the service's endpoints are the new pods" endpoints_follow liqo-test liqo-test-service
    eventually 5 "the namespace is gone from $leaving" gone namespace liqo-test --kubeconfig "${!kubeconfig}"
    eventually 5 "the virtual node of $leaving is gone" gone node "liqo-$leaving"
    eventually 5 "the foreign cluster stays and says so" peering "$leaving" OutgoingPeering None
    run 'kubectl get foreignclusters' table \
        'NAME TYPE OUTGOING PEERING INCOMING PEERING NETWORKING AUTHENTICATION AGE' \
        "$leaving OutOfBand None None [A-Za-z]+ [A-Za-z]+ [0-9ms]+" \
        "$staying OutOfBand Established None Established Established [0-9ms]+"
}

# only_running COUNT: so many rows of pods, and pods that are not Running are on their way out.
only_running() {
    local count
    count=$(grep -cE '^nginx-deployment-[0-9a-z]+-[0-9a-z]{5} +1/1 +Running ' <<<"$output" || true)
    [[ $count == "$1" ]] || { echo "$count pods are Running, not $1"; return 1; }
}

resume_peering() {
    local before kubeconfig
    kubeconfig=$(kubeconfig_variable "$leaving")
    before=$(pods liqo-test | sort)
    patch_peering "$variable" Yes
    eventually 5 "the namespace is back at $leaving" active liqo-test "${!kubeconfig}"
    run 'kubectl get namespace liqo-test --kubeconfig="$'"$kubeconfig"'"' table 'NAME STATUS AGE' 'liqo-test Active [0-9ms]+'
    eventually 5 "the peering is established again" peering "$leaving" OutgoingPeering Established
    eventually 5 "its virtual node is Ready" node_ready "liqo-$leaving"
    check "the running pods have not moved" unmoved "$before"
    run 'kubectl scale deployment nginx-deployment -n liqo-test --replicas=5' lines_are 'deployment.apps/nginx-deployment scaled'
    eventually 10 "$leaving takes new pods" takes_pods 5 "liqo-$leaving"
    check "and the old ones have not moved" unmoved "$before"
}

# unmoved PODS: these pods are as they were; there may be more.
unmoved() {
    local missing
    missing=$(comm -23 <(printf '%s\n' "$1") <(pods liqo-test | sort))
    [[ -z $missing ]] || { echo "no longer so: ${missing//$'\n'/; }"; return 1; }
}

node_ready() {
    local ready
    ready=$(kubectl get node "$1" -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}' 2>&1) || { echo "$ready"; return 1; }
    [[ $ready == True ]] || { echo "it is \"$ready\""; return 1; }
}

# takes_pods COUNT NODE: so many pods run, at least one of them there.
takes_pods() {
    running_pods liqo-test "$1" || return 1
    pods liqo-test | grep -q " $2\$" || { echo "no pod runs there"; return 1; }
}

join_third() {
    run 'scripts/playground up --edges europe-paris-edge' says 'Cluster "europe-paris-edge" has been created.'
    run 'eval "$(scripts/playground env)"' says_nothing
    run 'causewayctl generate peer-command --only-command --kubeconfig "$KUBECONFIG_EUROPE_PARIS_EDGE" | bash' peers_with europe-paris-edge
    eventually 5 "the namespace is at europe-paris-edge without being told" active liqo-test "$KUBECONFIG_EUROPE_PARIS_EDGE"
    local before
    before=$(pods liqo-test | sort)
    run 'kubectl scale deployment nginx-deployment -n liqo-test --replicas=8' lines_are 'deployment.apps/nginx-deployment scaled'
    eventually 10 "europe-paris-edge takes pods" takes_pods 8 liqo-europe-paris-edge
    check "the other pods have not moved" unmoved "$before"
    eventually 5 "the service's endpoints are all eight" endpoints_follow liqo-test liqo-test-service
}

clean_up() {
    local name
    run 'kubectl delete deployment nginx-deployment -n liqo-test' says 'deployment.apps "nginx-deployment" deleted'
    run 'kubectl delete namespaceoffloading offloading -n liqo-test' says 'namespaceoffloading.offloading.liqo.io "offloading" deleted'
    for name in EUROPE_ROME_EDGE EUROPE_MILAN_EDGE EUROPE_PARIS_EDGE; do
        local kubeconfig=KUBECONFIG_$name
        eventually 5 "the namespace is gone from $(tr A-Z_ a-z- <<<"$name")" gone namespace liqo-test --kubeconfig "${!kubeconfig}"
    done
    run 'kubectl delete namespace liqo-test' says 'namespace "liqo-test" deleted'
    patch_peering REMOTE_CLUSTER_ID_2 No
    patch_peering REMOTE_CLUSTER_ID_3 No
    patch_peering REMOTE_CLUSTER_ID_4 No
    eventually 5 "the virtual nodes are gone" gone_all nodes --selector=liqo.io/type=virtual-node
    for name in "$REMOTE_CLUSTER_ID_2" "$REMOTE_CLUSTER_ID_3" "$REMOTE_CLUSTER_ID_4"; do
        eventually 5 "the peering with $name is disabled" peering "$name" OutgoingPeering None
    done
    check_rights
    run 'causewayctl uninstall' lines_are 'Pre-uninstall checks passed' 'Causeway uninstalled'
}

destroy_playground() {
    run 'scripts/playground down' says "Cluster \"$origin\" has been deleted."
    eventually 5 "nothing is left of them: no process, file or network interface" nothing_left
}
