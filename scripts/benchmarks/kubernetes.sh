# shellcheck shell=bash disable=SC2034,SC2154
# A Deployment of a real origin over ten edges: stage by stage, requests to its API server per pod, CPU of hub and API server.
products=(causeway-hub causeway-agent causewayctl Benchmarks)

# shellcheck source=scripts/lib/kubernetes.sh
source "$root/scripts/lib/kubernetes.sh"

run() {
    local plane token
    prepare_kubernetes
    work=$(mktemp -d "${TMPDIR:-/tmp}/causeway-bench.XXXXXX")
    plane=$work/origin
    trap 'scripts/control-plane down "$work/origin"; rm -rf "$work"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    scripts/control-plane up "$plane" --audit --hasty
    "$programs/causewayctl" install --kubeconfig "$plane/kubeconfig" --role hub --cluster-name bench --replicas 0 --no-wait >/dev/null
    token=$(.venv/tools/kubectl --kubeconfig "$plane/kubeconfig" create token causeway-hub -n causeway-system --duration 6h 2>/dev/null)
    (umask 077 && sed -E "s/^users:.*/users: [{name: admin, user: {token: $token}}]/" "$plane/kubeconfig" >"$work/kubeconfig")
    "$programs/Benchmarks" kubernetes --control-plane "$plane" --kubeconfig "$work/kubeconfig" \
        --webhook-url "https://127.0.0.1:$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')" "$@"
}
