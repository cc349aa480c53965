# shellcheck shell=bash
# Installs a hub on a real control plane and lives with it: access rights, the admission webhook, two replicas, and its end.
# Sourced by scripts/test-kubernetes. The edge is an embedded cluster.

# installation CONTROL-PLANE FOLDER: with the control plane in the one folder, and all else in the other.
installation() {
    local admin=$1/kubeconfig programs=$root/.build/debug passed=0 failed=0
    kept=$2
    mkdir -p "$kept"
    installation_steps
    installation_end
    echo "$passed passed, $failed failed"
}

kube() { "$root/.venv/tools/kubectl" --kubeconfig "$admin" --request-timeout 20s "$@"; }
ctl() { "$programs/causewayctl" "$@" --kubeconfig "$admin" --skip-confirm; }

# A machine that stands still for seconds: etcd and the API server give up then, and say so.
transient='request timed out|connection refused|handshake timeout|deadline exceeded|i/o timeout|Unable to connect|leader changed|too many requests|unexpected EOF|ServiceUnavailable|InternalError'

# expect SENTENCE COMMAND…: whether it succeeds now. What the machine alone is to blame for is tried again.
expect() {
    local sentence=$1 said attempt=0 status
    shift
    while true; do
        status=0
        said=$("$@" 2>&1) || status=$?
        # What was made although no answer came.
        if ((attempt > 0)) && [[ $said == *AlreadyExists* ]]; then status=0; fi
        ((status != 0 && attempt < 5)) && [[ $said =~ $transient ]] || break
        echo "  once more, as it said: ${said:0:300}"
        attempt=$((attempt + 1))
        sleep 2
    done
    if ((status == 0)); then
        passed=$((passed + 1))
        echo "✔ $sentence"
    else
        failed=$((failed + 1))
        echo "✘ $sentence: ${said:0:600}"
    fi
}

# soon SENTENCE COMMAND…: whether it does within two minutes. A loaded machine is slow; what is right is right at the end.
soon() {
    local sentence=$1 deadline=$((SECONDS + 120)) since=$SECONDS
    shift
    until "$@" >/dev/null 2>&1 || ((SECONDS > deadline)); do
        sleep 0.2
        revive
    done
    expect "$sentence" "$@"
    echo "  after $((SECONDS - since)) s"
}

# refuses WORDS COMMAND…: whether it fails, and says so with these words.
refuses() {
    local words=$1 said
    shift
    if said=$("$@" 2>&1); then echo "it succeeded: $said"; return 1; fi
    [[ $said == *"$words"* ]] || { echo "it said: $said"; return 1; }
}

# is WANTED COMMAND…: whether it prints just this.
is() {
    local wanted=$1 said
    shift
    said=$("$@" 2>&1) || { echo "$said"; return 1; }
    [[ $said == "$wanted" ]] || { echo "expected \"$wanted\", found \"$said\""; return 1; }
}

# MARK: Daemons

# A kubeconfig with which a daemon has the rights of its ServiceAccount and no others.
write_account() {
    local token
    token=$(kube create token "$1" -n causeway-system --duration 6h 2>/dev/null) || return 1
    (umask 077 && sed -E "s/^users:.*/users: [{name: admin, user: {token: $token}}]/" "$admin" >"$2")
}

free_port() { python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# start_hub NUMBER: one of two hubs, each with a folder and a webhook of its own.
start_hub() {
    [[ -f $kept/webhook-$1 ]] || free_port >"$kept/webhook-$1"
    setsid "$programs/causeway-hub" --kubeconfig "$kept/hub.kubeconfig" --state "$kept/hub-$1" --cluster-name cloud \
        --leader-elect --webhook-url "https://127.0.0.1:$(<"$kept/webhook-$1")" </dev/null >>"$kept/hub-$1.log" 2>&1 &
    hubs[$1]=$!
}
declare -A hubs=()
edge=

# Starts hubs again that have ended, as a kubelet does: on a machine that stands still for seconds a leader gives its lease up.
revive() {
    local number
    for number in "${!hubs[@]}"; do kill -0 "${hubs[$number]}" 2>/dev/null || start_hub "$number"; done
}

start_edge() {
    setsid "$programs/causeway-agent" --state "$kept/edge" --cluster-name rome --pod-cidr 10.199.0.0/16 --images "$root/config/images.yaml" \
        --cluster-labels topology.liqo.io/type=destination --kubeconfig-out "$kept/edge.kubeconfig" \
        </dev/null >>"$kept/edge.log" 2>&1 &
    edge=$!
}

# Kills a daemon and takes no notice of how it ended.
end_process() {
    kill "-$2" "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

installation_end() {
    local process
    for process in "${hubs[@]}" $edge; do end_process "$process" KILL; done
    hubs=()
    [[ -z $edge ]] || "$root/.build/debug/causeway-agent" cleanup --state "$kept/edge" --cluster-name rome \
        --images "$root/config/images.yaml" >/dev/null 2>&1 || true
    edge=
}

# MARK: What is looked at

versions() {
    kube get clusterroles,clusterrolebindings,roles,rolebindings,serviceaccounts,services,deployments,mutatingwebhookconfigurations,crds \
        -A -l app.kubernetes.io/part-of=causeway -o 'jsonpath={range .items[*]}{.kind}/{.metadata.name} {.metadata.generation} {.metadata.uid}{"\n"}{end}'
}

# may ACCOUNT VERB RESOURCE[/SUBRESOURCE] [NAMESPACE [NAME]]: prints yes or no.
may() {
    local resource=${3%%/*} options=(--as "system:serviceaccount:causeway-system:$1")
    [[ $3 != */* ]] || options+=(--subresource "${3#*/}")
    [[ -z ${4:-} ]] || options+=(-n "$4")
    kube auth can-i "$2" "$resource${5:+/$5}" "${options[@]}" 2>/dev/null || true
}

# Whether the hub may read the Secrets of these namespaces.
secrets_of() { local namespace; for namespace; do may causeway-hub list secrets "$namespace"; done; }

leader() {
    local number
    for number in "${!hubs[@]}"; do
        if grep -Eq "\"pid\": *${hubs[$number]}[,}]" "$kept/hub-$number/ready" 2>/dev/null; then echo "$number"; fi
    done
}
one_leads() { [[ $(leader) =~ ^[12]$ ]] || { echo "leaders: $(leader)"; return 1; }; }
leads() { is "$1" leader; }

pods() { kube get pods -n shop -l app="$1" -o 'jsonpath={range .items[*]}{.metadata.uid} {.status.phase}{"\n"}{end}' | sort; }
running() { [[ $(pods "$1" | grep -c Running) == "$2" && $(pods "$1" | wc -l) == "$2" ]] || { pods "$1"; return 1; }; }
# The uids of the origin's pods, as the edge knows them.
at_edge() {
    "$root/.venv/tools/kubectl" --kubeconfig "$kept/edge.kubeconfig" get pods -A -l causeway.io/origin-uid \
        -o 'jsonpath={range .items[*]}{.metadata.labels.causeway\.io/origin-uid}{"\n"}{end}' | sort
}
once_each() {
    local here there
    here=$(kube get pods -n shop -o 'jsonpath={range .items[*]}{.metadata.uid}{"\n"}{end}' | sort)
    there=$(at_edge)
    [[ -n $here && $here == "$there" ]] || { printf 'origin:\n%s\nedge:\n%s\n' "$here" "$there"; return 1; }
}

pod() { kube run "$1" -n "$2" --image nginx --labels app="$1" "${@:3}"; }
admitted() {
    # A hub that answers too late is passed over: the next pod tells.
    kube delete pod probe -n shop --ignore-not-found --now >/dev/null 2>&1
    pod probe shop >/dev/null
    is 'causeway-scheduler virtual-node.liqo.io/not-allowed' kube get pod probe -n shop \
        -o 'jsonpath={.spec.schedulerName} {.spec.tolerations[?(@.key=="virtual-node.liqo.io/not-allowed")].key}'
}
forbidden() { ! grep -ihE 'forbidden|cannot be registered' "$kept"/hub-*.log | head -n 5 | grep .; }
no_keys() { ! grep -rl 'PRIVATE KEY' "$kept/hub-1" "$kept/hub-2" | grep .; }
nothing_left() {
    local left
    left=$(kube get clusterroles,clusterrolebindings,mutatingwebhookconfigurations,crds,namespaces,roles,rolebindings -A \
        -l app.kubernetes.io/part-of=causeway -o name)
    [[ -z $left ]] || { echo "$left"; return 1; }
}

# ends_badly NUMBER: whether the hub ends by itself within a minute, and says that it failed.
ends_badly() {
    local deadline=$((SECONDS + 60))
    while kill -0 "${hubs[$1]}" 2>/dev/null; do
        ((SECONDS <= deadline)) || { echo "it goes on"; return 1; }
        sleep 0.1
    done
    tail -n 1 "$kept/hub-$1.log" | grep '^Error: the lease' || { tail -n 1 "$kept/hub-$1.log"; return 1; }
}

# MARK: The steps

# rights ACCOUNT ANSWER QUESTION…: each question is verb, resource and, where it has them, namespace and name, by colons.
rights() {
    local account=$1 answer=$2 question parts
    shift 2
    for question in "$@"; do
        IFS=: read -r -a parts <<<"$question"
        expect "$account: $question is $answer" is "$answer" may "$account" "${parts[@]}"
    done
}

installation_rights() {
    rights causeway-hub yes list:pods patch:pods:shop create:pods/binding:shop create:pods/eviction:shop update:pods/status:shop \
        delete:nodes update:nodes/status patch:namespaces create:events:shop watch:poddisruptionbudgets.policy \
        list:replicasets.apps create:secrets:causeway-system update:leases.coordination.k8s.io:causeway-system:causeway-hub \
        patch:leases.coordination.k8s.io:kube-node-lease create:subjectaccessreviews.authorization.k8s.io \
        update:mutatingwebhookconfigurations.admissionregistration.k8s.io::causeway-hub \
        update:namespaceoffloadings.offloading.liqo.io/status:shop get:configmaps:kube-system:extension-apiserver-authentication \
        create:rolebindings.rbac.authorization.k8s.io:shop bind:clusterroles.rbac.authorization.k8s.io::causeway-hub-references \
        delete:rolebindings.rbac.authorization.k8s.io:shop:causeway-hub-references
    rights causeway-hub no get:secrets:shop list:secrets create:pods:shop update:pods:shop create:pods/exec:shop get:configmaps:shop \
        delete:namespaces create:namespaces get:secrets:kube-system update:leases.coordination.k8s.io:causeway-system:other \
        create:mutatingwebhookconfigurations.admissionregistration.k8s.io \
        update:mutatingwebhookconfigurations.admissionregistration.k8s.io::other \
        update:customresourcedefinitions.apiextensions.k8s.io create:clusterroles.rbac.authorization.k8s.io \
        create:clusterrolebindings.rbac.authorization.k8s.io bind:clusterroles.rbac.authorization.k8s.io::cluster-admin \
        create:roles.rbac.authorization.k8s.io:shop delete:rolebindings.rbac.authorization.k8s.io:shop:other \
        list:secrets:shop list:configmaps:shop watch:secrets delete:deployments.apps:shop create:serviceaccounts/token:causeway-system \
        patch:configmaps:causeway-system:other impersonate:users '*:*'
}

agent_rights() {
    rights causeway-agent yes list:nodes create:pods:shop update:pods:shop get:pods/log:shop create:pods/exec:shop get:pods/exec:shop \
        get:pods/attach:shop create:pods/attach:shop create:pods/portforward:shop \
        create:namespaces delete:namespaces create:events:shop get:secrets:causeway-system patch:configmaps:causeway-system:cluster-info \
        update:foreignclusters.discovery.liqo.io/status list:namespaceoffloadings.offloading.liqo.io \
        create:rolebindings.rbac.authorization.k8s.io:shop bind:clusterroles.rbac.authorization.k8s.io::causeway-agent-references
    rights causeway-agent no get:secrets:shop list:secrets get:configmaps:shop patch:nodes update:pods/status:shop create:pods/eviction:shop \
        create:pods/binding:shop update:namespaceoffloadings.offloading.liqo.io:shop create:serviceaccounts/token:shop \
        get:secrets:kube-system update:customresourcedefinitions.apiextensions.k8s.io create:secrets:shop create:services:shop \
        create:serviceaccounts:shop bind:clusterroles.rbac.authorization.k8s.io::cluster-admin create:roles.rbac.authorization.k8s.io:shop \
        create:mutatingwebhookconfigurations.admissionregistration.k8s.io create:deployments.apps:shop create:nodes/proxy \
        get:nodes/proxy delete:pods/exec:shop create:pods/proxy:shop '*:*'
}

installation_steps() {
    expect "a hub is installed" ctl install --role hub --cluster-name cloud --replicas 0 --no-wait
    local before uids first
    before=$(versions)
    expect "installing it again changes nothing" ctl install --role hub --cluster-name cloud --replicas 0 --no-wait
    expect "all of it is as it was" is "$before" versions
    installation_rights
    expect "a token of its account is made" write_account causeway-hub "$kept/hub.kubeconfig"
    start_hub 1
    start_hub 2
    start_edge
    soon "one of two hubs leads" one_leads
    soon "the edge is there" test -s "$kept/edge/ready"
    expect "the command to peer is printed" eval "\"$programs/causewayctl\" generate peer-command --only-command --kubeconfig \"$kept/edge.kubeconfig\" >\"$kept/peer\""
    expect "they peer" eval "PATH=\"$programs:\$PATH\" KUBECONFIG=\"$admin\" bash \"$kept/peer\""
    expect "a namespace is made" kube create namespace shop
    expect "a namespace is offloaded" ctl offload namespace shop --pod-offloading-strategy Remote --timeout 90s
    soon "a pod in it is admitted by the webhook" admitted
    expect "a pod elsewhere is left alone" pod plain default
    expect "it keeps its scheduler" is default-scheduler kube get pod plain -o 'jsonpath={.spec.schedulerName}'
    expect "a Deployment is made" kube create deployment web -n shop --image nginx --replicas 6
    soon "six pods run" running web 6
    uids=$(pods web)
    expect "a Secret is made" kube create secret generic key -n shop --from-literal=password=secret
    expect "a pod uses it" kube run reader -n shop --image nginx --labels app=reader \
        --overrides '{"spec":{"containers":[{"name":"reader","image":"nginx","envFrom":[{"secretRef":{"name":"key"}}]}]}}'
    soon "it runs, with the Secret at the edge" running reader 1
    expect "the hub may read that namespace's Secrets for it, and no others" is $'yes\nno\nno' secrets_of shop default kube-system

    first=$(leader)
    end_process "${hubs[$first]}" KILL
    unset "hubs[$first]"
    soon "the other hub leads once the leader was killed" leads $((3 - first))
    expect "the Deployment is scaled" kube scale deployment web -n shop --replicas 8
    soon "it places two pods more" running web 8
    expect "the six are the same" eval '[[ -z $(comm -23 <(echo "$uids") <(pods web)) ]]'
    soon "each pod is at the edge, once" once_each
    soon "its webhook answers" admitted

    end_process "${hubs[$((3 - first))]}" KILL
    unset "hubs[$((3 - first))]"
    expect "without any hub a pod can be made in the offloaded namespace" pod late shop
    expect "and elsewhere" pod plain-2 default
    start_hub "$first"
    soon "the pod that nobody admitted runs as soon as a hub is back" running late 1
    expect "an event says how" eval '[[ -n $(kube get events -n shop --field-selector reason=Adopted,involvedObject.name=late -o name) ]]'
    soon "still each pod is at the edge, once" once_each

    expect "its lease is taken from the hub" kube patch lease causeway-hub -n causeway-system --type merge \
        --patch '{"spec":{"holderIdentity":"somebody else"}}'
    expect "it ends, and not as if all were well" ends_badly "$first"
    soon "started again, it leads once the other has been silent" leads "$first"
    expect "no key is in a file" no_keys
    expect "the keys are in Secrets" eval "kube get secret peering-authority webhook-authority -n causeway-system && [[ -n \$(kube get secrets -n causeway-system -l causeway.io/peer-credentials -o name) ]]"

    expect "uninstalling is refused while there is a peering" refuses 'unpeer out-of-band rome' ctl uninstall
    expect "and an offloaded namespace" refuses 'the namespace "shop" is offloaded' ctl uninstall
    expect "the Deployment is deleted" kube delete deployment web -n shop --wait=false --ignore-not-found
    expect "the namespace is taken back" ctl unoffload namespace shop --timeout 90s
    expect "its Secrets are not the hub's to read any more" is no secrets_of shop
    expect "the peering ends" ctl unpeer out-of-band rome --timeout 90s
    expect "nothing was refused for want of a right" forbidden
    end_process "${hubs[$first]}" TERM
    expect "a hub that ends in order lets go of its lease" is '' kube get lease causeway-hub -n causeway-system -o 'jsonpath={.spec.holderIdentity}'
    expect "all of it is uninstalled" ctl uninstall --purge --timeout 120s
    expect "nothing of it is left" nothing_left

    expect "an agent can be installed where the hub was" ctl install --role agent --cluster-name rome --replicas 0 --no-wait
    agent_rights
    expect "and uninstalled" ctl uninstall --purge --timeout 120s
    expect "nothing of that is left either" nothing_left
}
