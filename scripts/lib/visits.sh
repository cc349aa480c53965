# shellcheck shell=bash disable=SC2016 # The steps are commands in quotes, as they are typed.
# Going into an offloaded pod from the origin: logs, exec, attach, cp and port-forward, in both protocols that kubectl speaks.
# Sourced by scripts/demo. The pod is at europe-rome-edge, which may be a real cluster, as may be the origin.

visit_pod() {
    local way
    visits=$(mktemp -d)
    run 'kubectl run box -n liqo-demo --image=busybox -i --leave-stdin-open --attach=false \
  --overrides='"'"'{"spec": {"nodeSelector": {"kubernetes.io/hostname": "liqo-europe-rome-edge"}}}'"'"' \
  -- sh -c "echo begun; while read line; do echo got \$line; done"' lines_are 'pod/box created'
    eventually 10 "it runs" box_runs || return 0
    for way in WebSocket SPDY; do
        echo "(kubectl speaks $way.)"
        export KUBECTL_REMOTE_COMMAND_WEBSOCKETS=true KUBECTL_PORT_FORWARD_WEBSOCKETS=true
        if [[ $way == SPDY ]]; then export KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false KUBECTL_PORT_FORWARD_WEBSOCKETS=false; fi
        check "exec tells output, errors and the exit status apart" exec_tells
        check "exec says what cannot be run" exec_refuses
        check "exec takes 1 MiB of input to its end, and gives it back" exec_takes_input
        check "exec is on a terminal of the right size" exec_has_terminal
        check "eight sessions at a time do not mix" exec_in_parallel
        check "cp takes 1 MiB there and back" copies
        check "attach reaches the main program" attaches
        check "port-forward reaches its ports, and says which are closed" forwards
    done
    unset KUBECTL_REMOTE_COMMAND_WEBSOCKETS KUBECTL_PORT_FORWARD_WEBSOCKETS
    check "logs -f goes on" follows
    run 'kubectl delete pod box -n liqo-demo --grace-period=1' says 'pod "box" deleted'
    rm -rf "$visits"
}

box_runs() {
    local phase
    phase=$(kubectl get pod box -n liqo-demo -o jsonpath='{.status.phase} {.spec.nodeName}') || { echo "$phase"; return 1; }
    [[ $phase == "Running liqo-europe-rome-edge" ]] || { echo "it is $phase"; return 1; }
}

# in_box [-i] COMMAND…: runs it in the pod; a minute is far more than any of them needs.
in_box() {
    local input=()
    if [[ $1 == -i ]]; then input=(-i); shift; fi
    timeout 60 kubectl exec "${input[@]}" -n liqo-demo box -- "$@"
}

exec_tells() {
    local status=0 said
    said=$(in_box sh -c 'hostname; echo oops >&2; exit 37' 2>"$visits/errors") || status=$?
    [[ $said == box && $status == 37 ]] && grep -q '^oops$' "$visits/errors" && ! grep -q '^box$' "$visits/errors" ||
        { echo "status $status, output \"$said\", errors: $(tr '\n' ' ' <"$visits/errors")"; return 1; }
}

exec_refuses() {
    local said
    if said=$(in_box no-such-program 2>&1); then echo "it is not refused: $said"; return 1; fi
    [[ $said == *no-such-program* && $said == *"not found"* ]] || { echo "it says: ${said//$'\n'/ }"; return 1; }
}

exec_takes_input() {
    local want
    head -c 1048576 /dev/urandom >"$visits/random"
    want=$(sha256sum <"$visits/random")
    [[ $(in_box -i sha256sum <"$visits/random") == "$want" ]] || { echo "it did not arrive"; return 1; }
    [[ $(in_box -i cat <"$visits/random" | sha256sum) == "$want" ]] || { echo "it did not come back"; return 1; }
}

exec_has_terminal() {
    local status=0 said
    said=$(printf 'stty size\ntty\nexit 4\n' | timeout 60 script -qec \
        "stty cols 99 rows 33; kubectl exec -it -n liqo-demo box -- sh -c 'sleep 1; exec sh'" /dev/null) || status=$?
    [[ $status == 4 && $said == *"33 99"* && $said == *"/dev/"* ]] || { echo "status $status: ${said//[$'\n\r']/ }"; return 1; }
}

exec_in_parallel() {
    local number pids=()
    for number in 1 2 3 4 5 6 7 8; do
        echo "number $number" | in_box -i sh -c 'sleep 0.3; cat; hostname' >"$visits/said.$number" 2>&1 &
        pids+=($!)
    done
    for number in 1 2 3 4 5 6 7 8; do
        wait "${pids[$((number - 1))]}" && [[ $(<"$visits/said.$number") == "number $number"$'\n'box ]] ||
            { echo "session $number said: $(tr '\n' ' ' <"$visits/said.$number")"; return 1; }
    done
}

copies() {
    local said
    mkdir -p "$visits/sent/deep"
    cp "$visits/random" "$visits/sent/deep/large"
    echo small >"$visits/sent/small"
    rm -rf "$visits/there" "$visits/back"
    # A pod of a runtime without root can give files to nobody else.
    said=$(cd "$visits" && timeout 60 kubectl cp --no-preserve sent liqo-demo/box:"$visits/there" 2>&1 &&
        timeout 60 kubectl cp liqo-demo/box:"$visits/there" back 2>&1) || { echo "$said"; return 1; }
    diff -r "$visits/sent" "$visits/back"
}

attaches() {
    local said
    said=$(echo words | timeout 60 kubectl attach -n liqo-demo -i box 2>&1 || true)
    [[ $said == *"got words"* ]] || { echo "it says: ${said//$'\n'/ }"; return 1; }
}

forwards() {
    local forwarder port deadline=$((SECONDS + 20)) said=''
    timeout 60 kubectl port-forward -n liqo-demo "$POD" :80 :9 >"$visits/forward.log" 2>&1 &
    forwarder=$!
    until [[ $(grep -c '127.0.0.1:' "$visits/forward.log") == 2 ]]; do
        ((SECONDS < deadline)) && kill -0 "$forwarder" || { echo "it says: $(tr '\n' ' ' <"$visits/forward.log")"; return 1; }
        sleep 0.05
    done
    for _ in 1 2 3; do
        port=$(grep -o '127.0.0.1:[0-9]* -> 80' "$visits/forward.log" | grep -o ':[0-9]*' | head -n 1)
        said+=$(curl -s --max-time 20 "http://127.0.0.1$port/")$'\n' || true
    done
    port=$(grep -o '127.0.0.1:[0-9]* -> 9$' "$visits/forward.log" | grep -o ':[0-9]*' | head -n 1)
    curl -s --max-time 5 "http://127.0.0.1$port/" >/dev/null || true
    kill "$forwarder" 2>/dev/null || true
    wait "$forwarder" 2>/dev/null || true
    [[ $(grep -c "Server name: ${POD#pod/}" <<<"$said") == 3 ]] || { echo "the pages: ${said//$'\n'/ }"; return 1; }
    grep -q 'connection refused' "$visits/forward.log" || { echo "it says: $(tr '\n' ' ' <"$visits/forward.log")"; return 1; }
}

follows() {
    local follower failure
    kubectl logs -f -n liqo-demo box >"$visits/log" 2>&1 &
    follower=$!
    failure=$(
        log_says begun && echo later | timeout 60 kubectl attach -n liqo-demo -i box >/dev/null 2>&1
        log_says 'got later'
    ) || true
    # Not SIGTERM, which whoever runs this may have blocked.
    kill -KILL "$follower" 2>/dev/null || true
    wait "$follower" 2>/dev/null || true
    [[ -z $failure ]] || { echo "$failure"; return 1; }
}

log_says() {
    local deadline=$((SECONDS + 20))
    until grep -q "$1" "$visits/log"; do
        ((SECONDS < deadline)) || { echo "it says: $(tr '\n' ' ' <"$visits/log")"; return 1; }
        sleep 0.05
    done
}
