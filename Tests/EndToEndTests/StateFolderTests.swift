import Foundation
import Testing

extension EndToEnd {
    /// What a daemon does with a state folder that it cannot use: it names the file, says what to do, ends with a failure, and
    /// leaves everything as it was.
    @Suite(.serialized)
    struct StateFolderTests {
        private static let start =
            "timeout 20 causeway-hub --cluster-name other --runtime hollow --api-listen 127.0.0.1:0 --state \"$STATE\"; code=$?; "

        /// Whether this process may mount: the test of a full disk is skipped where it may not.
        private static let canMount: Bool = {
            let folder = NSTemporaryDirectory() + "causeway-mount-\(ProcessInfo.processInfo.processIdentifier)"
            guard mkdir(folder, 0o700) == 0 else { return false }
            defer { rmdir(folder) }
            guard mount("tmpfs", folder, "tmpfs", 0, "size=65536") == 0 else { return false }
            return umount(folder) == 0
        }()

        @Test("a full disk is named to whoever writes, and writing goes on when there is room (F15)", .enabled(if: canMount))
        func fullDisk() async throws {
            let script = #"""
                DISK=$(mktemp -d); mount -t tmpfs -o size=2m tmpfs "$DISK"
                causeway-hub --cluster-name other --runtime hollow --api-listen 127.0.0.1:0 \
                    --state "$DISK/state" 2>"$DISK.log" &
                HUB=$!
                # What the tests start inherits a blocked SIGTERM.
                trap 'kill -KILL $HUB; wait $HUB; umount "$DISK"; rm -rf "$DISK" "$DISK.log"' EXIT
                until [[ -f $DISK/state/ready ]]; do kill -0 $HUB || exit 1; sleep 0.1; done
                export KUBECONFIG="$DISK/state/admin.kubeconfig"
                dd if=/dev/zero of="$DISK/filler" bs=4k status=none 2>/dev/null
                refused=
                for n in {1..100}; do
                    kubectl create configmap "map-$n" --from-literal=text="$(printf '%020000d' 0)" 2>&1 || { refused=$n; break; }
                done
                [[ -n $refused ]] || exit 2
                kubectl get configmaps >/dev/null || exit 3
                rm "$DISK/filler"
                kubectl create configmap afterwards || exit 4
                """#
            try await Playground.with(edges: ["europe-rome-edge"]) { playground in
                let result = try await playground.run(script)
                #expect(result.status == 0, "\(result.text)")
                for word in [
                    "no room on the disk", "cluster/state.db", "free some space", "configmap/afterwards created",
                ] {
                    #expect(result.text.contains(word), "\(result.text)")
                }
            }
        }

        @Test("state that cannot be used is named, ends the daemon with a failure, and stays as it is")
        func unusable() async throws {
            try await Playground.with(edges: ["europe-rome-edge"]) { playground in
                // Another daemon's folder: it is not disturbed, not even in what it says of itself.
                let running = "STATE=\"$CAUSEWAY_PLAYGROUND/europe-cloud/state\"; "
                let ready = try await playground.expect("cat \"$CAUSEWAY_PLAYGROUND/europe-cloud/state/ready\"")
                try await playground.refuse(
                    running + Self.start + "exit $code", saying: ["cluster/lock", "another process", "stop that one"])
                #expect(try await playground.expect("cat \"$CAUSEWAY_PLAYGROUND/europe-cloud/state/ready\"") == ready)
                try await playground.expect("kubectl create configmap still-there")

                let folder = "STATE=$(mktemp -d); mkdir \"$STATE/cluster\"; DB=\"$STATE/cluster/state.db\"; "
                let unchanged =
                    "BEFORE=$(sha256sum <\"$DB\"); " + Self.start
                    + "[[ $BEFORE == $(sha256sum <\"$DB\") ]] || echo 'it was changed'; rm -rf \"$STATE\"; exit $code"
                func refuse(_ preparation: String, _ words: [String]) async throws {
                    let result = try await playground.run(folder + preparation + "; " + unchanged)
                    #expect(result.status != 0 && result.status != 124, "\(preparation): \(result.text)")
                    #expect(!result.text.contains("it was changed"), "\(preparation)")
                    for word in words + ["cluster/state.db"] {
                        #expect(result.text.contains(word), "\(preparation): \(result.text)")
                    }
                    #expect(!result.text.contains("Fatal"), "\(result.text)")
                }
                try await refuse("head -c 5000 /dev/urandom >\"$DB\"", ["nothing was changed", "move it away"])
                try await refuse(
                    "python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute(\"create table t (x)\")' \"$DB\"",
                    ["another program's", "nothing was changed"])
                // A good one first, then the same as a later version's, and with its middle overwritten.
                let good =
                    "(causeway-hub --cluster-name other --runtime hollow --api-listen 127.0.0.1:0 --state \"$STATE\" 2>/dev/null & "
                    + "until [[ -f $STATE/ready ]]; do sleep 0.1; done; kill $!; wait $!); "
                try await refuse(
                    good
                        + "python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute(\"pragma user_version = 99\")' "
                        + "\"$DB\"", ["later version", "99", "nothing was changed"])
                try await refuse(
                    good + "dd if=/dev/urandom of=\"$DB\" bs=4096 seek=2 count=3 conv=notrunc status=none",
                    ["damaged", "backup"])
                try await playground.refuse(
                    "STATE=/proc/nowhere; " + Self.start + "exit $code", saying: ["/proc/nowhere"])
            }
        }
    }
}
