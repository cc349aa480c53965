import ClusterAPI
import Foundation
import Glibc
import JSONTree
import KubernetesModel
import PodHost
import PodRecords
import TestKit
import Testing

@testable import PodRuntime

/// Volumes, last words and hooks, with the real supervisor.
@Suite(.serialized) struct VolumeTests {
    static func log(_ runtime: ProcessRuntime, _ container: String = "main") async throws -> String {
        try await RuntimeFixture.text(runtime.logs(uid: "uid-web", LogOptions(container: container)))
    }

    /// A pod whose only container says what `script` says, with these volumes and mounts.
    static func pod(_ script: String, volumes: JSON, mounts: JSON, _ more: JSON = [:]) -> PodRequest {
        var fields = more
        fields["volumeMounts"] = mounts
        var request = RuntimeFixture.pod(policy: "Never", command: ["sh", "-c", script], fields)
        request.pod.json["spec", "volumes"] = volumes
        request.values = ReferencedValues(
            configMaps: ["settings": ["color": "blue", "deep": "down"]], secrets: ["keys": ["token": "s3cret"]])
        return request
    }

    static func ended(_ runtime: ProcessRuntime) async throws -> ContainerRecord {
        try await RuntimeFixture.wait(runtime, "it has ended") { $0.state.termination != nil }
    }

    @Test("a container sees its volumes where it asks for them, and the machine's folders stay as they are")
    func volumes() async throws {
        try await RuntimeFixture.with { fixture in
            try await fixture.running { runtime in
                var request = Self.pod(
                    """
                    set -e
                    cat /etc/causeway-test/settings/color; echo
                    cat /etc/causeway-test/settings/../one; echo
                    cat /causeway-test/keys/here/token; echo
                    stat -c %a -L /causeway-test/keys/here/token
                    cat /causeway-test/own/labels; echo
                    echo kept > /causeway-test/data/file; cat /causeway-test/data/file
                    echo quick > /causeway-test/memory/file; stat -f -c %T /causeway-test/memory
                    ls -A /causeway-test/data
                    (echo no > /etc/causeway-test/settings/color) 2>/dev/null || echo read-only
                    grep -c . /etc/passwd > /dev/null && grep web-alias /etc/hosts
                    """,
                    volumes: [
                        ["name": "settings", "configMap": ["name": "settings"]],
                        [
                            "name": "keys",
                            "secret": [
                                "secretName": "keys",
                                "items": [["key": "token", "path": "here/token", "mode": 256]],
                            ],
                        ],
                        [
                            "name": "own",
                            "downwardAPI": [
                                "items": [["path": "labels", "fieldRef": ["fieldPath": "metadata.labels"]]]
                            ],
                        ],
                        ["name": "data", "emptyDir": [:]],
                        ["name": "memory", "emptyDir": ["medium": "Memory", "sizeLimit": "1Mi"]],
                    ],
                    mounts: [
                        ["name": "settings", "mountPath": "/etc/causeway-test/settings"],
                        ["name": "settings", "mountPath": "/etc/causeway-test/one", "subPath": "deep"],
                        ["name": "keys", "mountPath": "/causeway-test/keys"],
                        ["name": "own", "mountPath": "/causeway-test/own"],
                        ["name": "data", "mountPath": "/causeway-test/data"],
                        ["name": "memory", "mountPath": "/causeway-test/memory"],
                    ])
                request.pod.labels = ["app": "a \"b\""]
                request.pod.json["spec", "hostAliases"] = [["ip": "10.9.8.7", "hostnames": ["web-alias"]]]
                try await runtime.ensure(request)
                let record = try await Self.ended(runtime)
                #expect(
                    try await Self.log(runtime)
                        == """
                        blue
                        down
                        s3cret
                        400
                        app="a \\"b\\""
                        kept
                        tmpfs
                        file
                        read-only
                        10.9.8.7\tweb-alias

                        """)
                #expect(record.state.termination?.exitCode == 0, "\(record)")
                #expect(access("/causeway-test", F_OK) != 0)
                #expect(access("/etc/causeway-test", F_OK) != 0)
            }
        }
    }

    @Test("containers of a pod share an emptyDir, and an init container fills it")
    func shared() async throws {
        try await RuntimeFixture.with { fixture in
            try await fixture.running { runtime in
                var request = Self.pod(
                    "cat /work-here/from-init", volumes: [["name": "data", "emptyDir": [:]]],
                    mounts: [["name": "data", "mountPath": "/work-here", "readOnly": true]])
                request.pod.json["spec", "initContainers"] = [
                    [
                        "name": "fill", "command": ["sh", "-c", "echo filled > /other-place/from-init"],
                        "volumeMounts": [["name": "data", "mountPath": "/other-place"]],
                    ]
                ]
                try await runtime.ensure(request)
                _ = try await Self.ended(runtime)
                #expect(try await Self.log(runtime) == "filled\n")
            }
        }
    }

    @Test("a running container sees a ConfigMap change")
    func update() async throws {
        try await RuntimeFixture.with { fixture in
            try await fixture.running { runtime in
                var request = Self.pod(
                    "until grep -q red /settings/color; do sleep 0.05; done; ls /settings",
                    volumes: [["name": "settings", "configMap": ["name": "settings"]]],
                    mounts: [["name": "settings", "mountPath": "/settings"]])
                try await runtime.ensure(request)
                try await RuntimeFixture.wait(runtime, "it runs") { $0.state.isRunning }
                request.values.configMaps["settings"] = ["color": "red", "new": ""]
                try await runtime.update(request)
                _ = try await Self.ended(runtime)
                #expect(try await Self.log(runtime) == "color\nnew\n")
            }
        }
    }

    @Test("a pod waits for a volume's source and says which one is missing")
    func missing() async throws {
        try await RuntimeFixture.with { fixture in
            try await fixture.running { runtime in
                var request = Self.pod(
                    "cat /settings/color", volumes: [["name": "settings", "configMap": ["name": "later"]]],
                    mounts: [["name": "settings", "mountPath": "/settings"]])
                try await runtime.ensure(request)
                let status = try #require(await runtime.status(uid: "uid-web"))
                #expect(
                    status.volumeProblems == [
                        "MountVolume.SetUp failed for volume \"settings\" : configmap \"later\" not found"
                    ])
                #expect(status["main"]?.state == .waiting(reason: "ContainerCreating", message: ""))
                request.values.configMaps["later"] = ["color": "green"]
                try await runtime.ensure(request)
                _ = try await Self.ended(runtime)
                #expect(try await Self.log(runtime) == "green\n")
                #expect(await runtime.status(uid: "uid-web")?.volumeProblems == [])
            }
        }
    }

    @Test(
        "a container's last words are kept: what it wrote for that, or the end of its log where it fails",
        arguments: [
            ("printf done > /dev/termination-log", "File", "done"),
            ("printf done > /tmp/causeway-words; exit 1", "Path", "done"),
            ("echo one >&2; echo two >&2; exit 3", "FallbackToLogsOnError", "one\ntwo\n"),
            ("echo one", "FallbackToLogsOnError", ""),
        ])
    func lastWords(script: String, policy: String, words: String) async throws {
        try await RuntimeFixture.with { fixture in
            try await fixture.running { runtime in
                try await runtime.ensure(
                    RuntimeFixture.pod(
                        policy: "Never", command: ["sh", "-c", script],
                        policy == "Path"
                            ? ["terminationMessagePath": "/tmp/causeway-words"]
                            : ["terminationMessagePolicy": .string(policy)]))
                let record = try await Self.ended(runtime)
                #expect(record.state.termination?.message == words)
                #expect(access("/dev/termination-log", F_OK) != 0)
                #expect(access("/tmp/causeway-words", F_OK) != 0)
            }
        }
    }

    @Test("hooks run after the start and before the end, and see the container's files")
    func hooks() async throws {
        try await RuntimeFixture.with { fixture in
            try await fixture.running { runtime in
                let request = Self.pod(
                    "until test -f /data/begun; do sleep 0.05; done; echo begun; "
                        + "trap 'cat /data/ending; exit 0' TERM; while :; do sleep 0.05; done",
                    volumes: [["name": "data", "emptyDir": [:]]],
                    mounts: [["name": "data", "mountPath": "/data"]],
                    [
                        "lifecycle": [
                            "postStart": ["exec": ["command": ["touch", "/data/begun"]]],
                            "preStop": ["exec": ["command": ["sh", "-c", "echo ending > /data/ending"]]],
                        ]
                    ])
                try await runtime.ensure(request)
                try await eventually("the hook has run") { try await Self.log(runtime) == "begun\n" ? true : nil }
                try await RuntimeFixture.wait(runtime, "it is ready") { $0.isReady }
                try await runtime.stop(uid: "uid-web", gracePeriodSeconds: 10)
                _ = try await Self.ended(runtime)
                #expect(try await Self.log(runtime) == "begun\nending\n")
            }
        }
    }

    @Test("a start hook that fails ends the container, and users hear of it")
    func failingHook() async throws {
        try await RuntimeFixture.with { fixture in
            try await fixture.running { runtime in
                try await runtime.ensure(
                    RuntimeFixture.pod(
                        policy: "Never", command: ["sleep", "1000"],
                        ["lifecycle": ["postStart": ["exec": ["command": ["sh", "-c", "echo oh; exit 4"]]]]]))
                let record = try await Self.ended(runtime)
                #expect(record.state.termination?.exitCode == 143)
                let notices = try #require(await runtime.status(uid: "uid-web")?.notices)
                #expect(notices.map(\.reason) == [.failedPostStartHook, .killing])
                #expect(notices.first?.message == "PostStartHook failed: oh\n")
            }
        }
    }

    @Test("a probe that fails is told of, with what its command said")
    func probeNotices() async throws {
        try await RuntimeFixture.with { fixture in
            try await fixture.running { runtime in
                try await runtime.ensure(
                    RuntimeFixture.pod(
                        command: ["sleep", "1000"],
                        [
                            "livenessProbe": [
                                "exec": ["command": ["sh", "-c", "echo sick; exit 1"]], "periodSeconds": 1,
                                "failureThreshold": 1,
                            ]
                        ]))
                try await RuntimeFixture.wait(runtime, "it was restarted") { $0.restartCount > 0 }
                let notices = try #require(await runtime.status(uid: "uid-web")?.notices)
                #expect(notices.first?.message == "Liveness probe failed: sick\n")
                #expect(notices.dropFirst().first?.message == "Container main failed liveness probe, will be restarted")
            }
        }
    }
}
