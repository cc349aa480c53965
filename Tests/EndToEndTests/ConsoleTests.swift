import Testing

extension EndToEnd {
    /// Containers that read what people type: `kubectl run -i`, `run -it` and `attach -i`.
    @Suite(.serialized)
    struct ConsoleTests {
        @Test("what is typed reaches the program, over a pipe and on a terminal, and its end is kubectl's")
        func typing() async throws {
            try await Playground.with(edges: ["europe-rome-edge"]) { playground in
                let once = try await playground.run(
                    """
                    echo words | kubectl run once -i --rm --restart=Never --image=busybox -- \
                        sh -c 'echo ready; read line; echo got $line; cat; exit 3'
                    """)
                #expect(once.status == 3, "\(once.text)")
                #expect(once.output.contains("ready\ngot words\n"), "\(once.text)")
                try await playground.eventually("[[ -z $(kubectl get pods -o name) ]]")

                // `script` is the person's own terminal. The pod's has its size, which kubectl tells.
                let shell = try await playground.run(
                    """
                    printf 'stty size\\ntty\\nexit 4\\n' | script -qec "stty cols 99 rows 33; \
                    kubectl run shell -it --rm --restart=Never --image=busybox -- sh -c 'sleep 1; exec sh'" /dev/null
                    """)
                #expect(shell.status == 4, "\(shell.text)")
                #expect(shell.output.contains("\r\n33 99\r\n"), "\(shell.text)")
                #expect(shell.output.contains("\r\n/dev/pts/"), "\(shell.text)")

                try await playground.expect(
                    """
                    kubectl run stays -i --leave-stdin-open --attach=false --image=busybox -- \
                        sh -c 'while read line; do echo got $line; done'
                    kubectl wait --for=condition=Ready pod/stays --timeout=30s
                    """)
                for word in ["one", "two"] {
                    let said = try await playground.expect("echo \(word) | kubectl attach -i stays")
                    #expect(said.contains("got \(word)\n"), "\(said)")
                }
                let log = try await playground.expect("kubectl logs stays")
                #expect(log == "got one\ngot two\n")
            }
        }
    }
}
