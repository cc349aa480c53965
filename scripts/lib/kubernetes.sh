# shellcheck shell=bash
# Getting the programs of a Kubernetes control plane: built from Debian's source package, and kept. Sourced by
# scripts/test-kubernetes.

kubernetes=${CAUSEWAY_KUBERNETES:-/var/cache/causeway-kubernetes}

is_prepared() {
    [[ -x $kubernetes/kube-apiserver && -x $kubernetes/kube-controller-manager ]] && command -v etcd >/dev/null
}

# Installs and builds what is missing.
prepare_kubernetes() {
    local log
    is_prepared && return
    [[ $(id -u) == 0 ]] || fail "the control plane's programs are missing, and only root can install what building them needs: sudo scripts/test-kubernetes --prepare"
    log=$(mktemp)
    spinner_start "Installing etcd"
    if ! DEBIAN_FRONTEND=noninteractive policy_without_services apt-get install -q -y --no-install-recommends etcd-server >"$log" 2>&1 </dev/null; then
        spinner_stop
        tail -n 20 "$log" >&2
        fail "apt-get could not install etcd-server; mend what it says above and run this again"
    fi
    spinner_stop
    rm -f "$log"
    [[ -x $kubernetes/kube-apiserver && -x $kubernetes/kube-controller-manager ]] || build_kubernetes
}

# Runs a command of apt's; services of what it installs are not started.
policy_without_services() {
    local policy=/usr/sbin/policy-rc.d code=0
    if [[ -e $policy ]]; then "$@"; return; fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    "$@" || code=$?
    rm -f "$policy"
    return "$code"
}

build_kubernetes() {
    local log=$kubernetes/build.log
    mkdir -p "$kubernetes"
    echo "Building kube-apiserver and kube-controller-manager in $kubernetes; this takes about ten minutes (log: $log)"
    spinner_start "Building the control plane"
    if ! (set -e; build_kubernetes_steps) >"$log" 2>&1 </dev/null; then
        spinner_stop
        tail -n 20 "$log" >&2
        fail "the control plane could not be built; its log is $log"
    fi
    spinner_stop
    success "Built kube-apiserver and kube-controller-manager."
}

build_kubernetes_steps() {
    local source program packages
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
        golang-go rsync make dpkg-dev golang-github-modern-go-reflect2-dev
    cd "$kubernetes"
    source=$(echo kubernetes-1*/)
    if [[ ! -d $source || ! -f $source/debian/changelog ]]; then
        # A list of its own: the system's stays as it is.
        mkdir -p lists/partial
        echo "deb-src http://deb.debian.org/debian $(. /etc/os-release && echo "$VERSION_CODENAME") main" >sources.list
        local options=(-o "Dir::Etc::SourceList=$kubernetes/sources.list" -o Dir::Etc::SourceParts=/dev/null
            -o "Dir::State::Lists=$kubernetes/lists" -o APT::Sandbox::User=root)
        apt-get "${options[@]}" update
        apt-get "${options[@]}" source kubernetes
        source=$(echo kubernetes-1*/)
    fi
    cd "$source"
    # The vendored reflect2 panics on every map with Go 1.18 and later.
    rm -rf vendor/github.com/modern-go/reflect2
    mkdir vendor/github.com/modern-go/reflect2
    cp /usr/share/gocode/src/github.com/modern-go/reflect2/*.{go,s} vendor/github.com/modern-go/reflect2/
    mkdir -p .go/src/k8s.io
    ln -sfn ../../.. .go/src/k8s.io/kubernetes
    export GOPATH=$PWD/.go GO111MODULE=off CGO_ENABLED=0 HOME=$kubernetes/home
    mkdir -p "$HOME"
    make generated_files
    cd "$GOPATH/src/k8s.io/kubernetes"
    if [[ ! -f pkg/generated/openapi/zz_generated.openapi.go ]]; then
        go build -o "$kubernetes/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
        packages=$({
            grep -rl --include='*.go' '+k8s:openapi-gen=' pkg cmd test
            grep -rl --include='*.go' '+k8s:openapi-gen=' staging/src | sed 's,^staging/src/,vendor/,'
        } | grep -v -e code-generator -e sample-apiserver -e sample-controller -e zz_generated | xargs -n1 dirname | sort -u |
            sed 's,^,k8s.io/kubernetes/,' | paste -sd,)
        "$kubernetes/openapi-gen" --logtostderr -i "$packages" -p k8s.io/kubernetes/pkg/generated/openapi -O zz_generated.openapi \
            -h hack/boilerplate/boilerplate.generatego.txt -r "$kubernetes/violations" --output-base "$GOPATH/src"
    fi
    for program in kube-apiserver kube-controller-manager; do
        go build -p 2 -o "$kubernetes/$program.new" "./cmd/$program"
        mv "$kubernetes/$program.new" "$kubernetes/$program"
    done
}
