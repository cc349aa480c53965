import JSONTree
import Wire

/// One message of each type, with every field set: the content of the fixtures.
enum MessageSamples {
    static let all: [(name: String, message: Message)] = [
        (
            "hello",
            .hello(
                HelloMessage(
                    versions: 1...2, softwareVersion: "0.1.0", features: ["logs"], clusterID: "4f6c",
                    clusterName: "rome",
                    role: .agent, epoch: 3))
        ),
        (
            "enroll",
            .enroll(
                EnrollMessage(
                    tokenID: "0123456789abcdef", tokenSecret: "c2VjcmV0", certificateRequest: "PEM", clusterID: "4f6c",
                    clusterName: "cloud", role: .hub))
        ),
        (
            "enrolled",
            .enrolled(
                EnrolledMessage(certificateChain: "PEM", authority: "PEM2", clusterID: "9a", clusterName: "rome"))
        ),
        ("renew", .renew(RenewMessage(certificateRequest: "PEM"))),
        ("renewed", .renewed(RenewedMessage(certificateChain: "PEM", authority: "PEM2"))),
        (
            "advertise",
            .advertise(
                AdvertiseMessage(
                    capacity: ["cpu": "4", "memory": "8Gi"], allocatable: ["cpu": "3500m"], largestFit: ["cpu": "2"],
                    labels: ["topology.liqo.io/type": "destination"], architecture: "amd64", operatingSystem: "linux",
                    kernelVersion: "6.1", kubeletVersion: "v1.36.0",
                    conditions: [
                        .init(type: "Ready", status: "True", reason: "Answers", message: "all is well")
                    ], podCIDR: "10.21.0.0/24", gateway: "10.21.0.1"))
        ),
        ("ping", .ping(PingMessage(id: 17))),
        ("pong", .pong(PongMessage(id: 17))),
        (
            "digest",
            .digest(
                DigestMessage(
                    set: .desired, entries: [.namespace("demo"): "aa", .pod("demo", "hello"): "bb"], isComplete: false,
                    epoch: 3))
        ),
        (
            "desired",
            .desired(
                DesiredMessage(
                    sequence: 4,
                    upserts: [
                        DesiredItem(
                            key: .namespace("demo"), hash: "aa",
                            content: .namespace(
                                DesiredNamespace(
                                    originName: "demo", remoteName: "demo", mapping: "EnforceSameName",
                                    labels: ["a": "b"], annotations: ["c": "d"]))),
                        DesiredItem(
                            key: .pod("demo", "hello"), hash: "bb",
                            content: .pod(
                                DesiredPod(
                                    originUID: "uid-1", remoteNamespace: "demo",
                                    object: ["metadata": ["name": "hello"], "spec": ["containers": []]]))),
                        DesiredItem(
                            key: ItemKey("Secret/demo/key") ?? .namespace(""), hash: "cc", content: .other(["a": 1])),
                    ], removals: [.pod("demo", "old")], isComplete: true))
        ),
        (
            "observed",
            .observed(
                ObservedMessage(
                    sequence: 5,
                    upserts: [
                        ObservedItem(
                            key: .namespace("demo"), hash: "dd",
                            content: .namespace(
                                ObservedNamespace(remoteName: "demo", state: .conflict, message: "it is not ours"))),
                        ObservedItem(
                            key: .pod("demo", "hello"), hash: "ee",
                            content: .pod(
                                ObservedPod(
                                    originUID: "uid-1", edgeUID: "uid-2",
                                    status: ["phase": "Running", "podIP": "10.21.0.5"]))),
                        ObservedItem(
                            key: .pod("demo", "large"), hash: "ff",
                            content: .pod(
                                ObservedPod(
                                    originUID: "uid-3", edgeUID: "",
                                    refused: .init(reason: "OutOfcpu", message: "no node has 64 cpus")))),
                    ], removals: [.pod("demo", "old")], isComplete: true))
        ),
        ("ack", .acknowledge(AcknowledgeMessage(set: .observed, sequence: 5))),
        (
            "stream.open",
            .streamOpen(StreamOpenMessage(id: 3, kind: "logs", parameters: ["follow": true], window: 262_144))
        ),
        ("stream.opened", .streamOpened(StreamOpenedMessage(id: 3, window: 65_536))),
        ("stream.refused", .streamRefused(StreamRefusedMessage(id: 3, code: "NotFound", message: "no such pod"))),
        ("stream.window", .streamWindow(StreamWindowMessage(id: 3, bytes: 131_072))),
        ("stream.close", .streamClose(StreamCloseMessage(id: 3, error: "the pod is gone"))),
        ("goodbye", .goodbye(GoodbyeMessage(reason: .unpeered, message: "by the operator", epoch: 4))),
        ("error", .error(ErrorMessage(code: .staleEpoch, message: "peer again"))),
        ("unsupported", .unsupported(UnsupportedMessage(messageType: "teleport"))),
    ]
}
