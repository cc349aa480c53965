# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # Some steps are commands in quotes; admin is read by kube and ctl.
# What a hub on a real control plane must outlive: API servers that die, fall silent, are slow or refuse, watches that lose their
# place, credentials and kinds that change, others that edit the same objects, and its own death at any moment. After each,
# every wanted pod is there once, and nothing else. Sourced by scripts/test-kubernetes, after installation.sh.
#
# The hub reaches the origin through fault-proxy.py. The edge rome is a control plane too, where NodeStandIn plays the node;
# milan is an embedded cluster.

# outages FOLDER [long]: long ones take their real time, and there are more rounds.
outages() {
    local programs=$root/.build/debug passed=0 failed=0 length=${2:-}
    kept=$1
    admin=$kept/origin/kubeconfig
    mkdir -p "$kept/proxy" "$kept/keys" "$kept/rome-pods"
    seed=${CAUSEWAY_SEED:-$RANDOM}
    echo "The seed is $seed: CAUSEWAY_SEED=$seed makes the same choices."
    RANDOM=$seed
    outages_steps
    outages_end
    echo "$passed passed, $failed failed"
    ((failed == 0))
}

# MARK: Programs

# launch NAME COMMAND…: starts a program, which is known by this name from then on.
launch_program() {
    local name=$1
    shift
    setsid "$@" </dev/null >>"$kept/$name.log" 2>&1 &
    programs_running[$name]=$!
}
declare -A programs_running=()

signal_program() { kill "-$2" "${programs_running[$1]}"; }

end_program() {
    [[ -n ${programs_running[$1]:-} ]] || return 0
    kill -CONT "${programs_running[$1]}" 2>/dev/null || true
    end_process "${programs_running[$1]}" "${2:-KILL}"
    unset "programs_running[$1]"
}

outages_end() {
    local name
    for name in "${!programs_running[@]}"; do end_program "$name"; done
    [[ ! -d ${kept:-} ]] || "$root/.build/debug/causeway-supervisor" --purge "$kept/rome-pods" >/dev/null 2>&1 || true
    [[ ! -d ${kept:-}/milan ]] || "$root/.build/debug/causeway-agent" cleanup --state "$kept/milan" --cluster-name milan \
        --images "$root/config/images.yaml" >/dev/null 2>&1 || true
    for name in origin rome; do
        [[ ! -d ${kept:-}/$name ]] || { signal_server "$name" CONT; scripts/control-plane down "$kept/$name"; }
    done
}

signal_server() {
    local pid
    pid=$(cat "$kept/$1/kube-apiserver.pid" 2>/dev/null) || return 0
    kill "-$2" "$pid" 2>/dev/null || true
}

start_outage_hub() {
    launch_program hub "$programs/causeway-hub" --kubeconfig "$kept/keys/hub.kubeconfig" --state "$kept/hub" --cluster-name cloud \
        --node-listen '[::1]:0' --webhook-url "https://127.0.0.1:$(<"$kept/keys/webhook-port")"
}

start_outage_edge() {
    case $1 in
    rome)
        launch_program rome "$programs/causeway-agent" --kubeconfig "$kept/keys/rome.kubeconfig" --state "$kept/rome-agent" \
            --cluster-name rome --peer-listen 127.0.0.1:0 --cluster-labels topology.liqo.io/type=destination
        ;;
    milan)
        launch_program milan "$programs/causeway-agent" --state "$kept/milan" --cluster-name milan --images "$root/config/images.yaml" \
            --pod-cidr 10.197.0.0/16 --cluster-labels topology.liqo.io/type=destination --kubeconfig-out "$kept/milan.kubeconfig"
        ;;
    esac
}

# MARK: Credentials

# renew_token NUMBER: the hub's token, in its file; it ends when the Secret that it is bound to is deleted.
renew_token() {
    local token
    kube create secret generic "token-$1" -n causeway-system >/dev/null || return 1
    token=$(kube create token causeway-hub -n causeway-system --bound-object-kind Secret --bound-object-name "token-$1" 2>/dev/null) || return 1
    (umask 077 && printf '%s\n' "$token" >"$kept/keys/token.new" && mv "$kept/keys/token.new" "$kept/keys/token")
}

# renew_authority: a new authority, and a certificate of it for the proxy.
renew_authority() {
    (
        umask 077
        cd "$kept/keys" || exit
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=authority $RANDOM" \
            -keyout authority.key -out authority.new
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=proxy -keyout proxy.key -out proxy.csr
        openssl x509 -req -in proxy.csr -CA authority.new -CAkey authority.key -CAcreateserial -days 2 \
            -extfile <(echo subjectAltName=IP:127.0.0.1) -out proxy.crt
        cat proxy.crt proxy.key >../proxy/tls.pem
    ) 2>/dev/null
}

# A certificate with the rights of the agent's ServiceAccount, in files.
renew_certificate() {
    (
        umask 077
        cd "$kept/keys" || exit
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout rome.key.new -out rome.csr \
            -subj /O=system:serviceaccounts/CN=system:serviceaccount:causeway-system:causeway-agent
        openssl x509 -req -in rome.csr -CA ../rome/ca.crt -CAkey ../rome/ca.key -CAcreateserial -days 2 \
            -extfile <(echo extendedKeyUsage=clientAuth) -out rome.crt.new
        mv rome.key.new rome.key
        mv rome.crt.new rome.crt
    ) 2>/dev/null
}

# write_kubeconfig NAME PORT AUTHORITY USER
write_kubeconfig() {
    cat >"$kept/keys/$1.kubeconfig" <<END
apiVersion: v1
kind: Config
current-context: here
clusters: [{name: here, cluster: {server: "https://127.0.0.1:$2", certificate-authority: $3}}]
users: [{name: me, user: {$4}}]
contexts: [{name: here, context: {cluster: here, user: me}}]
END
}

# MARK: What is looked at

edge_kube() {
    local file=$kept/$1.kubeconfig
    [[ $1 != rome ]] || file=$kept/rome/kubeconfig
    shift
    "$root/.venv/tools/kubectl" --kubeconfig "$file" --request-timeout 20s "$@"
}

# The uids of the origin's pods, as the edges know them.
remote_uids() {
    local edge
    for edge in rome milan; do
        edge_kube "$edge" get pods -A -l causeway.io/origin-uid -o 'jsonpath={range .items[*]}{.metadata.labels.causeway\.io/origin-uid}{"\n"}{end}' || return 1
    done | sort
}

# settled COUNT: so many pods, each of them Running, each at one edge once, and no other pod there.
settled() {
    local here there
    here=$(kube get pods -n shop -o 'jsonpath={range .items[*]}{.metadata.uid} {.status.phase} {.metadata.deletionTimestamp}{"\n"}{end}' | sort) || return 1
    [[ $(grep -c ' Running $' <<<"$here") == "$1" && $(grep -c . <<<"$here") == "$1" ]] || { echo "$here"; return 1; }
    there=$(remote_uids) || return 1
    [[ $(cut -d' ' -f1 <<<"$here") == "$there" ]] || { printf 'origin:\n%s\nedges:\n%s\n' "$here" "$there"; return 1; }
}
settled_none() { is '' remote_uids; }
uids() { kube get pods -n shop -o 'jsonpath={range .items[*]}{.metadata.uid}{"\n"}{end}' | sort; }
# The same pods as those that a file names.
same_as() { [[ $(uids) == "$(<"$1")" ]] || { diff <(uids) "$1"; return 1; }; }
scale() { kube scale deployment web -n shop --replicas "$1"; }
remote_namespaces() { local edge; for edge in rome milan; do edge_kube "$edge" get namespaces -l causeway.io/origin-cluster-id -o name || return 1; done; }
lives() { kill -0 "${programs_running[$1]}"; }
peer_edge() {
    local file=$kept/milan.kubeconfig
    [[ $1 != rome ]] || file=$kept/rome/kubeconfig
    "$programs/causewayctl" generate peer-command --only-command --kubeconfig "$file" >"$kept/keys/peer" &&
        PATH=$programs:$PATH KUBECONFIG=$admin bash "$kept/keys/peer"
}
trouble() { echo "$1" >"$kept/proxy/trouble.new" && mv "$kept/proxy/trouble.new" "$kept/proxy/trouble"; }
# The hub has a connection of its own for each watch: after this they all begin anew.
cut_off_hub() { signal_program proxy HUP; }
pause() { python3 -c 'import sys, random, time; time.sleep(random.Random(int(sys.argv[2])).uniform(0, float(sys.argv[1])))' "$1" "$RANDOM"; }

# MARK: The steps

outages_steps() {
    outages_begin || return 0
    server_dies
    server_falls_silent
    server_makes_trouble
    watches_lose_their_place
    credentials_change
    others_edit
    edge_is_waited_for
    kind_is_deleted
    hub_dies_at_any_moment
    all_of_it_ends
}

outages_begin() {
    local port pid name status=0
    scripts/control-plane up "$kept/rome" &
    pid=$!
    expect "a control plane for the origin" scripts/control-plane up "$kept/origin"
    wait "$pid" || status=$?
    expect "and one for an edge" test "$status" = 0
    renew_authority
    cp "$kept/keys/authority.new" "$kept/keys/authority.crt"
    read -r port _ <"$kept/origin/ports"
    launch_program proxy python3 "$root/scripts/lib/fault-proxy.py" "$port" "$kept/origin/ca.crt" "$kept/proxy" "$seed"
    expect "a hub is installed" ctl install --role hub --cluster-name cloud --replicas 0 --no-wait
    expect "and an agent elsewhere" "$programs/causewayctl" install --kubeconfig "$kept/rome/kubeconfig" --role agent \
        --cluster-name rome --replicas 0 --no-wait
    renew_token 1
    renew_certificate
    free_port >"$kept/keys/webhook-port"
    read -r port _ <"$kept/rome/ports"
    write_kubeconfig rome "$port" ../rome/ca.crt 'client-certificate: rome.crt, client-key: rome.key'
    write_kubeconfig hub "$(<"$kept/proxy/port")" authority.crt 'tokenFile: token'
    launch_program stand-in "$programs/NodeStandIn" --kubeconfig "$kept/rome/kubeconfig" --node rome-worker --pods "$kept/rome-pods" \
        --pod-cidr 10.196.0.0/16 --images "$root/config/images.yaml" --programs "$programs"
    start_outage_hub
    start_outage_edge rome
    start_outage_edge milan
    for name in hub rome-agent milan; do soon "$name is ready" test -s "$kept/$name/ready"; done
    for name in rome milan; do expect "$name is peered" peer_edge "$name"; done
    expect "a namespace is made" kube create namespace shop
    expect "it is offloaded" ctl offload namespace shop --pod-offloading-strategy Remote --timeout 90s
    expect "a Deployment is made" kube create deployment web -n shop --image nginx --replicas 6
    soon "six pods run, each once" settled 6
    soon "a log is read through the hub, at an IPv6 address" kube logs deployment/web -n shop --tail 1
}

server_dies() {
    expect "API server: the Deployment is scaled" scale 9
    scripts/control-plane kill "$kept/origin" kube-apiserver
    expect "it is killed at that moment, and started anew" scripts/control-plane up "$kept/origin"
    soon "nine pods run, each once" settled 9
    scripts/control-plane kill "$kept/rome" kube-apiserver
    expect "the Deployment is scaled while an edge's is away" scale 5
    expect "that is started anew" scripts/control-plane up "$kept/rome"
    soon "five pods run, each once" settled 5
}

server_falls_silent() {
    uids >"$kept/before"
    signal_server origin STOP
    sleep $((${#length} > 0 ? 60 : 12))
    signal_server origin CONT
    soon "after a silence the same pods run, each once" settled 5
    expect "none of them has moved" same_as "$kept/before"
    # For the hub alone: the others go on.
    signal_program proxy STOP
    expect "the Deployment is scaled while the hub hears nothing" scale 8
    sleep $((${#length} > 0 ? 60 : 5))
    signal_program proxy CONT
    soon "eight pods run once it hears again, each once" settled 8
}

server_makes_trouble() {
    local count
    trouble 0.35
    for count in 12 4 9; do
        scale "$count" >/dev/null 2>&1
        pause 3
        kube delete pod -n shop --wait=false "$(kube get pods -n shop -o name | head -n 1 | cut -d/ -f2)" >/dev/null 2>&1
        pause 3
    done
    expect "every third request of the hub's goes wrong, and the hub lives" lives hub
    soon "nine pods run even so, each once" settled 9
    trouble 0
    soon "and when nothing goes wrong any more" settled 9
}

watches_lose_their_place() {
    local client version
    signal_program hub STOP
    scale 3 >/dev/null
    for version in 1 2 3; do kube annotate pods -n shop --all --overwrite "causeway.test/round=$version" >/dev/null; done
    version=$(kube get --raw /api/v1/namespaces/shop/pods | python3 -c 'import json, sys; print(json.load(sys.stdin)["metadata"]["resourceVersion"])')
    read -r _ client _ <"$kept/origin/ports"
    expect "etcd forgets what was before now" curl -sf --max-time 20 "http://127.0.0.1:$client/v3/kv/compaction" -d "{\"revision\": \"$version\"}"
    scripts/control-plane kill "$kept/origin" kube-apiserver
    scripts/control-plane up "$kept/origin"
    signal_program hub CONT
    soon "watches lose their place, and three pods run, each once" settled 3
}

credentials_change() {
    expect "the hub's token is another" renew_token 2
    expect "the old one ends" kube delete secret token-1 -n causeway-system
    expect "the agent's certificate is another" renew_certificate
    expect "the server's authority is another" renew_authority
    cut_off_hub
    expect "the Deployment is scaled meanwhile" scale 6
    mv "$kept/keys/authority.new" "$kept/keys/authority.crt"
    soon "the hub believes the new authority, and six pods run, each once" settled 6
    # What API servers remember of a token they remember for ten seconds.
    sleep 11
    expect "the Deployment is scaled when nobody knows the old token any more" scale 7
    soon "seven pods run, each once" settled 7
}

others_edit() {
    local round pod
    pod=$(kube get pods -n shop -o 'jsonpath={.items[0].metadata.name}')
    (
        for round in $(seq 20); do
            kube label node liqo-rome liqo-milan --overwrite "others/round=$round"
            kube annotate pods -n shop --all --overwrite "others/round=$round"
        done
    ) >/dev/null 2>&1 &
    local others=$!
    expect "others taint a virtual node" kube taint node liqo-rome others=1:PreferNoSchedule
    expect "and put a finalizer on a pod" kube patch pod "$pod" -n shop --type merge --patch '{"metadata": {"finalizers": ["others/holds"]}}'
    scale 10 >/dev/null
    pause 1
    scale 6 >/dev/null
    wait "$others" || true
    expect "the taint is still there" is 1 kube get node liqo-rome -o 'jsonpath={.spec.taints[?(@.key=="others")].value}'
    expect "and what labels they set last" is '20 20' kube get nodes liqo-rome liqo-milan -o 'jsonpath={.items[*].metadata.labels.others/round}'
    expect "the pod is deleted" kube delete pod "$pod" -n shop --wait=false
    soon "it waits for whoever holds it" is '["others/holds"]' kube get pod "$pod" -n shop -o 'jsonpath={.metadata.finalizers}'
    expect "it is let go" kube patch pod "$pod" -n shop --type merge --patch '{"metadata": {"finalizers": null}}'
    soon "six pods run, each once" settled 6
}

# Kubernetes' own controller deletes pods of nodes that are away, unless they tolerate that: it would after two seconds.
edge_is_waited_for() {
    local toleration='"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 2'
    expect "the namespace keeps pods whose edge is away" kube annotate namespaceoffloading offloading -n shop causeway.io/on-disconnect=keep
    expect "a pod that would not wait for its node is made" kube run hasty -n shop --image nginx --overrides \
        '{"spec": {"nodeSelector": {"kubernetes.io/hostname": "liqo-milan"}, "tolerations": [
        {"key": "node.kubernetes.io/unreachable", '"$toleration"'}, {"key": "node.kubernetes.io/not-ready", '"$toleration"'}]}}'
    soon "it runs beside the six, each once" settled 7
    uids >"$kept/before"
    end_program milan
    soon "its edge dies, and the node controller taints the node" eval \
        'kube get node liqo-milan -o "jsonpath={.spec.taints}" | grep -q "NoExecute\",\"key\":\"node.kubernetes.io/unreachable"'
    sleep 8
    expect "no pod is gone" same_as "$kept/before"
    expect "none is told to go" is '' kube get pods -n shop -o 'jsonpath={.items[*].metadata.deletionTimestamp}'
    start_outage_edge milan
    soon "the edge is back, and seven pods run, each once" settled 7
    expect "the same ones" same_as "$kept/before"
    kube delete pod hasty -n shop --wait=false >/dev/null
    soon "six pods run, each once" settled 6
}

kind_is_deleted() {
    expect "a kind is deleted under the hub" kube delete crd namespaceoffloadings.offloading.liqo.io --timeout 60s
    soon "no pod is left at the edges" settled_none
    expect "the hub lives" lives hub
    soon "it says what is missing" grep -q 'CustomResourceDefinition' "$kept/hub.log"
    expect "the kind is applied again" ctl install --role hub --cluster-name cloud --replicas 0 --no-wait
    soon "the namespace is offloaded again" ctl offload namespace shop --pod-offloading-strategy Remote --timeout 60s
    soon "six pods run, each once" settled 6
}

hub_dies_at_any_moment() {
    local round count=6 rounds=5
    [[ -z $length ]] || rounds=25
    for ((round = 0; round < rounds; round++)); do
        count=$((RANDOM % 9 + 2))
        scale "$count" >/dev/null 2>&1
        pause 1.5
        end_program hub
        ((round % 2 == 0)) || { end_program milan; start_outage_edge milan; }
        start_outage_hub
        pause 2
    done
    soon "a hub that is killed and killed again runs $count pods, each once" settled "$count"
}

all_of_it_ends() {
    local under_way status=0
    expect "the Deployment is deleted" kube delete deployment web -n shop --wait=false
    ctl unoffload namespace shop --timeout 90s >"$kept/unoffload.log" 2>&1 &
    under_way=$!
    pause 1
    end_program hub
    start_outage_hub
    wait "$under_way" || status=$?
    expect "the namespace is taken back, though the hub is killed meanwhile" eval "cat '$kept/unoffload.log'; ((status == 0))"
    ctl unpeer out-of-band rome --timeout 90s >"$kept/unpeer.log" 2>&1 &
    under_way=$!
    pause 1
    end_program hub
    start_outage_hub
    status=0
    wait "$under_way" || status=$?
    expect "a peering ends, though the hub is killed meanwhile" eval "cat '$kept/unpeer.log'; ((status == 0))"
    expect "and the other one" ctl unpeer out-of-band milan --timeout 90s
    soon "no pod is left at the edges" settled_none
    soon "no namespace either" is '' remote_namespaces
    soon "nor a virtual node" is '' kube get nodes -l liqo.io/type=virtual-node -o name
    # A server that has just begun knows no roles yet, and says so.
    expect "the hub was never refused for want of a right" eval \
        '! grep -i forbidden "$kept/hub.log" | grep -v "RBAC: .*not found" | head -n 3 | grep .'
}
