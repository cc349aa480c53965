# shellcheck shell=bash
# The clusters of a playground: their folders, networks and daemons. Sourced by scripts/playground.
#
# A cluster that CAUSEWAY_CONTROL_PLANES names (`all`, or names joined by commas) is a real Kubernetes control plane, with the
# daemon as its client, and at an edge a program that stands in for its kubelet and its scheduler. `causewayctl install` gives it
# what a daemon needs, and the daemon has the rights of its ServiceAccount, no others.
#
# CAUSEWAY_HUBS, names joined by commas, are clusters that have a hub besides the origin's, instead of an agent.
#
# CAUSEWAY_PEER_ADDRESSES, NAME=HOST:PORT joined by commas, is what peers are told to dial instead of what an edge listens on.
#
# In the playground's folder: liqo_kubeconf_NAME; NAME/state, which is the daemon's; NAME/log, what it said; NAME/network,
# the number that its addresses derive from; NAME/local-nodes, how many nodes stand for this machine. No process ids are kept:
# a daemon is found by the state folder that it was started with, so that nothing can be stale.

playground=${CAUSEWAY_PLAYGROUND:-$root/.playground}
[[ $playground == /* ]] || playground=$PWD/$playground
origin=europe-cloud
programs=

folder() { echo "$playground/$1"; }
state() { echo "$playground/$1/state"; }
kubeconfig() { echo "$playground/liqo_kubeconf_$1"; }
role() { if [[ $1 == "$origin" ]]; then echo origin; else echo edge; fi; }

check_edge_name() {
    [[ $1 != "$origin" ]] || fail "$origin is the origin and cannot be an edge; choose another name"
    [[ $1 =~ ^[a-z0-9]([-a-z0-9]*[a-z0-9])?$ && ${#1} -le 58 ]] ||
        fail "\"$1\" cannot be an edge's name: use up to 58 small letters, digits and hyphens, as in europe-paris-edge"
}

# Writes a file so that it is there whole or not at all.
write_file() {
    printf '%s\n' "$2" >"$1.new"
    mv "$1.new" "$1"
}

# All clusters that have a folder: those of the tutorials first, then the others in the order in which they were made.
cluster_names() {
    local path name place
    for path in "$playground"/*/; do
        [[ -d $path ]] || continue
        path=${path%/}
        name=${path##*/}
        case $name in
        "$origin") place=0 ;;
        europe-rome-edge) place=1 ;;
        europe-milan-edge) place=2 ;;
        *) place=$((3 + $(network "$name"))) ;;
        esac
        printf '%s %s\n' "$place" "$name"
    done | sort -n | cut -d' ' -f2
}

# MARK: Networks

# The number of a cluster's network; a large one where there is none yet.
network() {
    local number=
    if [[ -f $(folder "$1")/network ]]; then number=$(<"$(folder "$1")/network"); fi
    if [[ $number =~ ^[0-9]+$ ]]; then echo "$number"; else echo 999; fi
}

# Numbers 0 to 55 have the pods' network 10.(200 + number).0.0/16, those above, up to 311, 10.150.(number - 56).0/24.
pod_cidr() { if (($1 < 56)); then echo "10.$((200 + $1)).0.0/16"; else echo "10.150.$(($1 - 56)).0/24"; fi; }
service_cidr() { if (($1 < 56)); then echo "10.$((90 + $1)).0.0/16"; else echo "10.151.$(($1 - 56)).0/24"; fi; }

# Gives a cluster a network that neither another cluster of the playground nor another interface of the machine has.
assign_network() {
    local name=$1 number=0 known routes
    [[ $(network "$name") == 999 ]] || return 0
    # After those of the others, so that their order stays that in which they were made.
    while read -r known; do
        known=$(network "$known")
        ((known == 999 || known < number)) || number=$((known + 1))
    done < <(cluster_names)
    routes=$(ip -4 route show 2>/dev/null || true)
    for (( ; number < 312; number++)); do
        [[ $routes != *"$(pod_cidr "$number") "* ]] || continue
        write_file "$(folder "$name")/network" "$number"
        return
    done
    fail "there is no network left for cluster \"$name\": scripts/playground down, and then up, starts to count anew"
}

# MARK: Daemons

# The process ids of a cluster's daemon: of our programs, started with exactly this state folder, which they see as we do.
daemons() {
    local state file pid program
    state=$(state "$1")
    grep -lzxF -- "$state" /proc/[0-9]*/cmdline 2>/dev/null | while read -r file; do
        pid=${file#/proc/}
        pid=${pid%/cmdline}
        IFS= read -r -d '' program 2>/dev/null <"$file" || continue
        case ${program##*/} in causeway-hub | causeway-agent) ;; *) continue ;; esac
        # A container's processes may use the same path for another folder.
        if [[ -e $state && -e /proc/$pid/root$state && ! $state -ef /proc/$pid/root$state ]]; then continue; fi
        echo "$pid"
    done || true
}

signal_daemon() {
    local pid
    for pid in $(daemons "$1"); do kill "-$2" "$pid" 2>/dev/null || true; done
}

# await_end NAME SECONDS: whether the daemon is gone by then.
await_end() {
    local deadline=$((SECONDS + $2))
    while [[ -n $(daemons "$1") ]]; do
        ((SECONDS <= deadline)) || return 1
        sleep 0.02
    done
}

# Ends the daemon, which was asked to; kills it after five seconds.
end_daemon() {
    await_end "$1" 5 && return
    signal_daemon "$1" KILL
    await_end "$1" 5 || fail "the daemon of cluster \"$1\" (process $(daemons "$1")) cannot be killed; you may lack the rights"
}

# Whether the daemon runs and says that everything is ready. What a dead one said does not count.
is_ready() {
    local ready pid
    ready=$(state "$1")/ready
    [[ -f $ready ]] || return 1
    pid=$(daemons "$1")
    [[ -n $pid ]] && grep -Eq "\"pid\": *$pid[,}]" "$ready" 2>/dev/null
}

# MARK: Real control planes

control_plane() { echo "$playground/$1/control-plane"; }

# Whether the cluster is or shall be a real one.
is_real() {
    [[ -d $(control_plane "$1") ]] && return
    [[ ! -d $(folder "$1") ]] || return 1
    [[ ${CAUSEWAY_CONTROL_PLANES:-} == all || ,${CAUSEWAY_CONTROL_PLANES:-}, == *,"$1",* ]]
}

# start_control_planes NAME…: those of them that are real, all at once.
start_control_planes() {
    local name number pid pids=()
    for name in "$@"; do
        is_real "$name" || continue
        mkdir -p "$(control_plane "$name")"
        assign_network "$name"
        "$root/scripts/control-plane" up "$(control_plane "$name")" --service-cidr "$(service_cidr "$(network "$name")")" 9<&- &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || fail "a control plane could not be started"; done
}

# install_daemon NAME ROLE LABELS: gives a real cluster all that its daemon needs but the daemon, and makes the kubeconfig with
# which that one has its rights.
install_daemon() {
    local name=$1 role=$2 admin token said
    admin=$(control_plane "$name")/kubeconfig
    [[ ! -f $(control_plane "$name")/daemon.kubeconfig ]] || return 0
    said=$("$programs/causewayctl" install --kubeconfig "$admin" --role "$role" --cluster-name "$name" --cluster-labels "$3" \
        --replicas 0 --no-wait 2>&1) || fail "cannot install into \"$name\": $said"
    token=$("$root/.venv/tools/kubectl" --kubeconfig "$admin" create token "causeway-$role" -n causeway-system --duration 24h 2>&1) ||
        fail "cannot get a token for \"$name\": $token"
    # kubectl warns in front of it.
    token=${token##*$'\n'}
    (umask 077 && sed -E "s/^users:.*/users: [{name: admin, user: {token: $token}}]/" "$admin" >"$(control_plane "$name")/daemon.kubeconfig")
}

# The port at which a real origin finds the hub's webhook: a free one the first time, the same ever after.
webhook_port() {
    local file
    file=$(control_plane "$1")/webhook-port
    [[ -f $file ]] || write_file "$file" \
        "$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')"
    cat "$file"
}

# Starts what plays the kubelet and the scheduler of a real edge, unless it runs.
start_stand_in() {
    local name=$1 pods
    pods=$(state "$name")/pods
    [[ $name != "$origin" && -z $(stand_in "$name") ]] || return 0
    mkdir -p "$pods"
    (
        close_inherited
        exec setsid "$programs/NodeStandIn" --kubeconfig "$(control_plane "$name")/kubeconfig" --node "$name-worker" \
            --pods "$pods" --pod-cidr "$(pod_cidr "$(network "$name")")" --images "$root/config/images.yaml" \
            --programs "$programs" </dev/null >>"$(folder "$name")/stand-in.log" 2>&1
    ) &
}

# The process id of an edge's stand-in, if it runs.
stand_in() {
    local file pid program
    grep -lzxF -- "$(control_plane "$1")/kubeconfig" /proc/[0-9]*/cmdline 2>/dev/null | while read -r file; do
        pid=${file#/proc/}
        pid=${pid%/cmdline}
        IFS= read -r -d '' program 2>/dev/null <"$file" || continue
        if [[ ${program##*/} == NodeStandIn ]]; then echo "$pid"; fi
    done || true
}

# Ends all of a real cluster but its daemon.
end_real_cluster() {
    local pid deadline=$((SECONDS + 5))
    pid=$(stand_in "$1")
    [[ -z $pid ]] || kill -TERM "$pid" 2>/dev/null || true
    while [[ -n $(stand_in "$1") ]]; do
        ((SECONDS <= deadline)) || kill -KILL "$pid" 2>/dev/null || true
        sleep 0.02
    done
    "$root/scripts/control-plane" down "$(control_plane "$1")"
}

# Starts a cluster's daemon and does not wait for it. One that runs but never became ready is ended before.
launch() {
    local name=$1 number nodes=1 program=causeway-agent type=destination extra=(--peer-listen 127.0.0.1:0)
    if [[ -n $(daemons "$name") ]]; then
        signal_daemon "$name" TERM
        end_daemon "$name"
    fi
    [[ -d $(state "$name") ]] || end_orphans "$(state "$name")/pods"
    mkdir -p "$(folder "$name")"
    assign_network "$name"
    number=$(network "$name")
    if [[ -s $(folder "$name")/local-nodes ]]; then nodes=$(<"$(folder "$name")/local-nodes"); fi
    if [[ $name == "$origin" || ,${CAUSEWAY_HUBS:-}, == *,"$name",* ]]; then
        program=causeway-hub
        type=origin
        extra=()
    fi
    if [[ ,${CAUSEWAY_PEER_ADDRESSES:-}, =~ ,$name=([^,]+), ]]; then extra+=(--peer-address "${BASH_REMATCH[1]}"); fi
    rm -f "$(state "$name")/ready"
    if [[ -f $(folder "$name")/log ]]; then mv "$(folder "$name")/log" "$(folder "$name")/log.1"; fi
    if is_real "$name"; then
        start_stand_in "$name"
        cp -p "$(control_plane "$name")/kubeconfig" "$(kubeconfig "$name")"
        install_daemon "$name" "${program#causeway-}" "topology.liqo.io/type=$type"
        extra+=(--kubeconfig "$(control_plane "$name")/daemon.kubeconfig")
        if [[ $name == "$origin" ]]; then extra+=(--webhook-url "https://127.0.0.1:$(webhook_port "$name")"); fi
    else
        extra+=(--api-listen 127.0.0.1:0 --kubeconfig-out "$(kubeconfig "$name")"
            --service-cidr "$(service_cidr "$number")" --runtime process --images "$root/config/images.yaml"
            --local-nodes "$nodes")
    fi
    (
        cd "$root"
        close_inherited
        exec setsid "$programs/$program" --state "$(state "$name")" --cluster-name "$name" \
            --cluster-labels "topology.liqo.io/type=$type" --pod-cidr "$(pod_cidr "$number")" "${extra[@]}" --log-level "${CAUSEWAY_LOG_LEVEL:-info}" </dev/null >"$(folder "$name")/log" 2>&1
    ) &
    launched[$name]=$!
}
declare -A launched=()

# Closes all files but the standard ones: a daemon outlives whoever started it, who may wait until a pipe or socket is closed.
close_inherited() {
    local file
    for file in /proc/"$BASHPID"/fd/*; do
        file=${file##*/}
        if ((file > 2)); then eval "exec $file>&-"; fi
    done
}

# Waits until a daemon that was launched is ready; fails with its own words when it ends before or is not in a minute.
await_ready() {
    local name=$1 pid=${launched[$1]} deadline=$((SECONDS + 60))
    local ready log
    ready=$(state "$name")/ready
    log=$(folder "$name")/log
    until grep -Eq "\"pid\": *$pid[,}]" "$ready" 2>/dev/null; do
        if ! kill -0 "$pid" 2>/dev/null; then
            problem "Failed to create cluster \"$name\": $(said "$log")"
            exit 1
        fi
        if ((SECONDS > deadline)); then
            problem "Failed to create cluster \"$name\": it is not ready after 60 s; its log is $log"
            exit 1
        fi
        sleep 0.02
    done
}

# Why a daemon ended: its last words.
said() {
    local line
    line=$(grep -E '^Error:' "$1" 2>/dev/null | tail -n 1) || line=$(tail -n 3 "$1" 2>/dev/null)
    line=${line#Error: }
    echo "${line:-it ended without a word}"
}

# MARK: Removal

# Removes all of a cluster whose daemon has ended: pods, network, files. Says what is left, if anything.
remove_cluster() {
    local name=$1 pods
    pods=$(state "$name")/pods
    if is_real "$name"; then end_real_cluster "$name"; fi
    if [[ -d $pods ]] && ! "$programs/causeway-supervisor" --purge "$pods" >&2; then return 1; fi
    # Of a cluster whose files were deleted by hand.
    end_orphans "$pods"
    rm -rf "$(folder "$name")" "$(kubeconfig "$name")" "$(kubeconfig "$name")".*
}

# Kills the supervisors of pods, which takes the pods along, and removes the bridge, where the folder they were in is gone.
end_orphans() {
    local file pid bridge
    grep -lzE "^$1/pods/" /proc/[0-9]*/cmdline 2>/dev/null | while read -r file; do
        pid=${file#/proc/}
        pid=${pid%/cmdline}
        [[ $(readlink "/proc/$pid/exe") != */causeway-supervisor* ]] || kill -KILL "$pid" 2>/dev/null || true
    done || true
    bridge=cw$(printf %s "$1" | sha256sum | cut -c1-8)
    if [[ -e /sys/class/net/$bridge && $(id -u) == 0 ]]; then ip link delete "$bridge" 2>/dev/null || true; fi
}

# Removes the playground's folder, once it has no clusters.
remove_playground() {
    local name
    # What a folder that was deleted by hand left behind, for the clusters everybody has.
    for name in "$origin" europe-rome-edge europe-milan-edge; do
        [[ -n $(daemons "$name") ]] || continue
        signal_daemon "$name" TERM
        end_daemon "$name"
        end_orphans "$(state "$name")/pods"
    done
    rm -f "$playground/build" "$playground"/*.new
    if [[ -d $playground ]]; then rmdir "$playground" 2>/dev/null || true; fi
}
