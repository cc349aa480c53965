import Testing

extension EndToEnd {
    /// `kubectl exec`, `cp`, `attach` and `port-forward` of pods that run at an edge, used at the origin.
    @Suite(.serialized)
    struct VisitTests {
        /// An origin with one edge to which the namespace `jobs` is offloaded, and a pod `box` that runs there.
        private func with(_ body: @Sendable (Playground) async throws -> Void) async throws {
            try await Playground.with(edges: ["europe-rome-edge"]) { playground in
                try await playground.expect(
                    """
                    eval "$(causewayctl generate peer-command --only-command --kubeconfig "$KUBECONFIG_EUROPE_ROME_EDGE")"
                    kubectl create namespace jobs
                    causewayctl offload namespace jobs --pod-offloading-strategy Remote \
                        --namespace-mapping-strategy EnforceSameName
                    kubectl run box -n jobs --image=busybox -- sh -c 'trap "exit 0" TERM; while :; do sleep 0.1; done'
                    kubectl wait -n jobs --for=condition=Ready pod/box --timeout=30s
                    [[ $(kubectl get pod box -n jobs -o jsonpath={.spec.nodeName}) == liqo-europe-rome-edge ]]
                    """)
                try await body(playground)
            }
        }

        @Test(
            "exec gives the program's output and exit status, takes its input, and is on a terminal of the right size")
        func exec() async throws {
            try await with { playground in
                let status = try await playground.run(
                    "kubectl exec box -n jobs -- sh -c 'hostname; echo oops >&2; exit 37'")
                #expect(status.status == 37 && status.output == "box\n", "\(status.text)")
                #expect(status.errors.contains("oops\n"), "\(status.text)")
                try await playground.expect(
                    """
                    random=$(mktemp); trap 'rm -f "$random"' EXIT
                    head -c 5000000 /dev/urandom > "$random"
                    want=$(sha256sum < "$random")
                    [[ $(kubectl exec -i box -n jobs -- sha256sum < "$random") == "$want" ]]
                    [[ $(kubectl exec -i box -n jobs -- cat < "$random" | sha256sum) == "$want" ]]
                    """)
                let shell = try await playground.run(
                    """
                    printf 'stty size\\ntty\\nexit 4\\n' | script -qec "stty cols 99 rows 33; \
                    kubectl exec -it box -n jobs -- sh -c 'sleep 1; exec sh'" /dev/null
                    """)
                #expect(shell.status == 4 && shell.output.contains("33 99\r\n"), "\(shell.text)")
                try await playground.refuse(
                    "kubectl exec box -n jobs -- no-such-program", saying: ["no-such-program", "not found"])
                try await playground.refuse("kubectl exec box -n jobs -c nobody -- true", saying: ["nobody"])
            }
        }

        @Test("files are copied both ways unchanged")
        func copy() async throws {
            try await with { playground in
                try await playground.expect(
                    """
                    folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
                    mkdir -p sent/deep
                    head -c 20000000 /dev/urandom > sent/deep/large
                    echo small > sent/small
                    kubectl cp sent jobs/box:"$folder/there" 2>/dev/null
                    kubectl cp jobs/box:"$folder/there" back 2>/dev/null
                    diff -r sent back
                    [[ $(kubectl exec box -n jobs -- sha256sum "$folder/there/deep/large" | cut -d' ' -f1) \
                        == $(sha256sum < sent/deep/large | cut -d' ' -f1) ]]
                    """)
            }
        }

        @Test("attach and run -i reach the main program of an offloaded pod")
        func attach() async throws {
            try await with { playground in
                let once = try await playground.run(
                    """
                    echo words | kubectl run once -n jobs -i --rm --restart=Never --image=busybox -- \
                        sh -c 'read line; echo got $line; cat; exit 3'
                    """)
                #expect(once.status == 3 && once.output.contains("got words\n"), "\(once.text)")
                try await playground.expect(
                    """
                    kubectl run stays -n jobs -i --leave-stdin-open --attach=false --image=busybox -- \
                        sh -c 'while read line; do echo got $line; done'
                    kubectl wait -n jobs --for=condition=Ready pod/stays --timeout=30s
                    """)
                for word in ["one", "two"] {
                    let said = try await playground.expect("echo \(word) | kubectl attach -n jobs -i stays")
                    #expect(said.contains("got \(word)\n"), "\(said)")
                }
            }
        }

        @Test("many connections are forwarded at once, and one that nobody reads holds up no other")
        func ports() async throws {
            try await with { playground in
                try await playground.expect(
                    """
                    kubectl run web -n jobs --image=nginx
                    kubectl run endless -n jobs --image=busybox -- nc -ll -p 7000 -e cat /dev/zero
                    kubectl wait -n jobs --for=condition=Ready pod/web pod/endless --timeout=30s
                    """)
                // A kubectl of its own for the one that does not read: kubectl itself holds up its other connections.
                let result = try await playground.run(
                    """
                    folder=$(mktemp -d); cd "$folder"
                    kubectl port-forward -n jobs pod/web :80 > web.log 2>&1 & web=$!
                    kubectl port-forward -n jobs pod/endless :7000 > endless.log 2>&1 & endless=$!
                    trap 'kill -KILL $web $endless $stuck; rm -rf "$folder"' EXIT
                    port() { grep -om1 '127.0.0.1:[0-9]*' "$1" | cut -d: -f2; }
                    for try in $(seq 100); do [[ -n $(port web.log) && -n $(port endless.log) ]] && break; sleep 0.1; done
                    (exec 5<>"/dev/tcp/127.0.0.1/$(port endless.log)"; head -c 1000000 <&5 > begun; exec sleep 60) & stuck=$!
                    for try in $(seq 100); do [[ $(stat -c %s begun) == 1000000 ]] && break; sleep 0.1; done
                    for number in $(seq 30); do
                        curl -sf --max-time 20 "http://127.0.0.1:$(port web.log)/" > "page.$number" & pages[number]=$!
                    done
                    for number in $(seq 30); do wait "${pages[number]}" || cat web.log; done
                    [[ $(kubectl exec -n jobs endless -- echo aside) == aside ]] && kill -0 $stuck && stat -c %s begun
                    grep -l 'Welcome to nginx' page.* | wc -l
                    """)
                #expect(result.output == "1000000\n30\n", "\(result.text)")
                try await playground.refuse(
                    """
                    folder=$(mktemp -d); cd "$folder"
                    kubectl port-forward -n jobs pod/web :9 > closed.log 2>&1 & closed=$!
                    for try in $(seq 100); do grep -q '127.0.0.1:' closed.log && break; sleep 0.1; done
                    curl -s --max-time 5 "http://127.0.0.1:$(grep -om1 '127.0.0.1:[0-9]*' closed.log | cut -d: -f2)/"
                    kill -KILL $closed
                    cat closed.log
                    rm -rf "$folder"
                    false
                    """, saying: ["error forwarding port 9 to pod", "connection refused"])
            }
        }

        @Test("a session ends with a clear error when the edge goes away, and works again when it is back")
        func lost() async throws {
            try await with { playground in
                let cut = try await playground.run(
                    """
                    folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
                    kubectl exec box -n jobs -- sh -c 'echo begun; sleep 60' > "$folder/output" 2> "$folder/errors" &
                    session=$!
                    for try in $(seq 100); do [[ -s $folder/output ]] && break; sleep 0.1; done
                    scripts/playground kill europe-rome-edge
                    status=0; wait $session || status=$?
                    cat "$folder/output" "$folder/errors"
                    exit $status
                    """)
                #expect(cut.status == 1, "\(cut.text)")
                #expect(cut.output.contains("begun\n") && cut.output.contains("edge europe-rome-edge"), "\(cut.text)")
                try await playground.refuse(
                    "kubectl exec box -n jobs -- true", saying: ["edge europe-rome-edge is not connected"])
                try await playground.expect("scripts/playground start europe-rome-edge")
                try await playground.eventually("[[ $(kubectl exec box -n jobs -- hostname) == box ]]")
            }
        }
    }
}
