# shellcheck shell=bash
# Running the tutorials' commands and judging what they print. Sourced by scripts/demo.

passed=0
differences=()
step_name=
# How long what a command prints may take to be as expected: 0 means at the first try. Tests that kill daemons are patient.
patience=${CAUSEWAY_PATIENCE:-0}
output=
status=0
output_file=$(mktemp)

pass() { passed=$((passed + 1)); }

# differ WHAT: notes what is not as expected; the tutorial goes on.
differ() {
    differences+=("$step_name: $1")
    printf '%s %s\n' "$(paint 31 ✘)" "$1"
}

# A heading of a tutorial, and what may happen before its commands.
heading() {
    step_name=$1
    printf '\n%s\n' "$(paint 1 "## $1")"
    before_step
}
before_step() { :; }

# evaluate COMMAND: runs it in this shell, as typed, without a terminal; leaves $status and $output.
evaluate() {
    status=0
    # The command may make variables for later ones: no subshell.
    eval "$1" >"$output_file" 2>&1 </dev/null || status=$?
    output=$(<"$output_file")
}

# run COMMAND [CHECK ARGUMENT…]: prints a command, runs it, prints what it said, and expects exit status 0 and, where given,
# that the check passes on what it said. With patience a failing command that only looks is tried again.
run() {
    local command=$1
    shift
    printf '\n%s %s\n' "$(paint 36 '$')" "$(paint 1 "$command")"
    spinner_start "${command%%$'\n'*}"
    evaluate "$command"
    if ((patience > 0)) && [[ $command == kubectl\ get* || $command == causewayctl\ status* || $command == kubectl\ describe* ]]; then
        local deadline=$((SECONDS + patience))
        until ((status == 0)) && { (($# == 0)) || "$@" >/dev/null; } || ((SECONDS > deadline)); do
            sleep 0.2
            evaluate "$command"
        done
    fi
    spinner_stop
    [[ -z $output ]] || printf '%s\n' "$output"
    if ((status != 0)); then
        differ "\"$command\" ended with status $status${output:+: ${output##*$'\n'}}"
    elif (($# == 0)); then
        pass
    else
        local why
        if why=$("$@"); then pass; else differ "after \"$command\": $why"; fi
    fi
}

# eventually SECONDS WHAT CHECK…: waits until a check passes. Patience is added. The tutorial ends if it does not: what follows
# would only repeat it.
eventually() {
    local seconds=$1 what=$2 why start=$SECONDS deadline begun
    shift 2
    begun=$(date +%s%N)
    deadline=$((begun + (seconds + patience) * 1000000000))
    spinner_start "$what"
    until why=$("$@" 2>&1); do
        if (($(date +%s%N) > deadline)); then
            spinner_stop
            differ "$what: not within $((SECONDS - start)) s: ${why##*$'\n'}"
            return 1
        fi
        sleep 0.05
    done
    spinner_stop
    printf '%s %s (%d ms)\n' "$(paint 32 ✔)" "$what" $((($(date +%s%N) - begun) / 1000000))
    pass
}

# check WHAT CHECK…: a check at once.
check() {
    local what=$1 why
    shift
    if why=$("$@" 2>&1); then
        printf '%s %s\n' "$(paint 32 ✔)" "$what"
        pass
    else
        differ "$what: ${why##*$'\n'}"
    fi
}

# MARK: Checks of $output; each prints what is wrong

# says TEXT…: every text occurs.
says() {
    local text
    for text in "$@"; do
        [[ $output == *"$text"* ]] || { echo "it does not say \"$text\""; return 1; }
    done
}

says_nothing() { [[ -z $output ]] || { echo "it says something"; return 1; }; }

# lines_are TEXT…: exactly these lines, but for spaces at their ends and a leading level.
lines_are() {
    local expected
    expected=$(printf '%s\n' "$@")
    [[ $(sed -E 's/^ *//; s/^INFO +//; s/ *$//' <<<"$output") == "$expected" ]] || { echo "expected: ${expected//$'\n'/ / }"; return 1; }
}

# table HEADER ROW…: a header of these columns, and for each ROW, an extended regular expression in which one space stands for
# many, one line that matches it as a whole; no other lines.
table() {
    local squeezed row count
    squeezed=$(sed -E 's/ {2,}/ /g; s/ $//' <<<"$output")
    [[ $(head -n 1 <<<"$squeezed") == "$1" ]] || { echo "the columns are not \"$1\""; return 1; }
    shift
    for row in "$@"; do
        count=$(tail -n +2 <<<"$squeezed" | grep -cxE -- "$row" || true)
        [[ $count == 1 ]] || { echo "$count rows are like \"$row\""; return 1; }
    done
    count=$(tail -n +2 <<<"$squeezed" | grep -c . || true)
    [[ $count == "$#" ]] || { echo "there are $count rows, not $#"; return 1; }
}

# MARK: Questions to the clusters

# pods NAMESPACE: name, phase, readiness and node of each pod that is not ending, a line each.
pods() {
    kubectl get pods -n "$1" -o go-template='{{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.name}} {{.status.phase}} {{range .status.containerStatuses}}{{.ready}}{{end}} {{.spec.nodeName}}{{"\n"}}{{end}}{{end}}'
}

# running_pods NAMESPACE COUNT [NODE…]: exactly so many pods, all Running and ready, on these nodes only.
running_pods() {
    local all count good pattern
    all=$(pods "$1") || { echo "$all"; return 1; }
    count=$(grep -c . <<<"$all" || true)
    pattern=".*"
    if (($# > 2)); then pattern=$(IFS='|'; echo "(${*:3})"); fi
    good=$(grep -cE "^[^ ]+ Running true $pattern\$" <<<"$all" || true)
    [[ $count == "$2" && $good == "$2" ]] || { echo "$good of $count pods run as wanted: ${all//$'\n'/; }"; return 1; }
}

# spread NAMESPACE COUNT NODE…: so many running pods, and no node has two more than another.
spread() {
    local node number least=1000 most=0 all
    running_pods "$@" || return 1
    all=$(pods "$1")
    for node in "${@:3}"; do
        number=$(grep -c " $node\$" <<<"$all" || true)
        ((number >= least)) || least=$number
        ((number <= most)) || most=$number
    done
    ((most - least <= 1)) || { echo "from $least to $most pods a node"; return 1; }
}

# at_edge KUBECONFIG NAMESPACE: each pod of the origin on this edge is in the edge's own API, Running, by the same name; no other.
at_edge() {
    local node=$1 kubeconfig=$2 namespace=$3 there here
    here=$(pods "$namespace" | grep " $node\$" | cut -d' ' -f1-3 | sort || true)
    there=$(KUBECONFIG=$kubeconfig pods "$namespace" | cut -d' ' -f1-3 | sort)
    [[ $here == "$there" ]] || { echo "at the edge: ${there//$'\n'/; }; at the origin: ${here//$'\n'/; }"; return 1; }
}

# gone KIND NAME [kubectl's arguments]: whether it does not exist; an error of another kind is not enough.
gone() {
    local said
    if said=$(kubectl get "$@" -o name 2>&1); then echo "$said is there"; return 1; fi
    [[ $said == *NotFound* ]] || { echo "$said"; return 1; }
}

# peering NAME CONDITION STATUS
peering() {
    local status
    status=$(kubectl get foreigncluster "$1" -o "jsonpath={.status.peeringConditions[?(@.type==\"$2\")].status}") || { echo "$status"; return 1; }
    [[ $status == "$3" ]] || { echo "$2 of $1 is \"$status\", not \"$3\""; return 1; }
}

active() {
    local phase
    phase=$(kubectl get namespace "$1" --kubeconfig "$2" -o 'jsonpath={.status.phase}' 2>&1) || { echo "$phase"; return 1; }
    [[ $phase == Active ]] || { echo "namespace $1 is $phase"; return 1; }
}

# The addresses of the endpoints of a service are those of its running pods.
endpoints_follow() {
    local namespace=$1 service=$2 endpoints addresses
    endpoints=$(kubectl get endpointslices -n "$namespace" -l "kubernetes.io/service-name=$service" \
        -o go-template='{{range .items}}{{range .endpoints}}{{range .addresses}}{{.}}{{"\n"}}{{end}}{{end}}{{end}}' | sort) || return 1
    addresses=$(kubectl get pods -n "$namespace" -o go-template='{{range .items}}{{if not .metadata.deletionTimestamp}}{{.status.podIP}}{{"\n"}}{{end}}{{end}}' | sort)
    [[ -n $endpoints && $endpoints == "$addresses" ]] || { echo "endpoints: ${endpoints//$'\n'/ }; pods: ${addresses//$'\n'/ }"; return 1; }
}

is_root() { [[ $(id -u) == 0 ]]; }

# MARK: Rights

# On real control planes, before their rights are taken away: the daemons, which have those of their ServiceAccounts only, were
# refused nothing.
check_rights() {
    local planes=("$CAUSEWAY_PLAYGROUND"/*/control-plane)
    [[ -d ${planes[0]} ]] || return 0
    check "the daemons have all the rights they need" rights_suffice
}

rights_suffice() {
    local refused
    refused=$(grep -hi forbidden "$CAUSEWAY_PLAYGROUND"/*/log "$CAUSEWAY_PLAYGROUND"/*/log.1 2>/dev/null | tail -n 1 || true)
    [[ -z $refused ]] || { echo "$refused"; return 1; }
}
