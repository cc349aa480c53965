import Hub
import JSONTree
import KubernetesModel
import OffloadingModel
import Testing

@Suite("Pods on their way into an offloaded namespace")
struct PodAdmissionTests {
    private func offloading(_ strategy: String, selector: Bool) -> NamespaceOffloading {
        var spec: JSON = ["podOffloadingStrategy": .string(strategy)]
        if selector {
            spec["clusterSelector"] = [
                "nodeSelectorTerms": [
                    [
                        "matchExpressions": [
                            ["key": "topology.liqo.io/type", "operator": "In", "values": ["destination"]]
                        ]
                    ]
                ]
            ]
        }
        return NamespaceOffloading(
            KubernetesObject(.namespaceOffloadings, name: "offloading", namespace: "shop", ["spec": spec]))
    }

    private func admitted(_ spec: JSON, _ offloading: NamespaceOffloading) throws -> KubernetesObject {
        var pod = KubernetesObject(.pods, name: "a", namespace: "shop", ["spec": spec])
        try PodAdmission.admit(&pod, offloading)
        return pod
    }

    private func terms(_ pod: KubernetesObject) -> NodeSelector? {
        pod.spec[["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"]].flatMap {
            try? NodeSelector($0)
        }
    }

    private let edge = ["liqo.io/type": "virtual-node", "topology.liqo.io/type": "destination"]
    private let otherEdge = ["liqo.io/type": "virtual-node", "topology.liqo.io/type": "other"]
    private let machine = ["kubernetes.io/hostname": "m", "topology.liqo.io/type": "destination"]

    @Test("Local leaves a pod as it is")
    func local() throws {
        let pod = try admitted(["containers": []], offloading("Local", selector: true))
        #expect(pod.spec == ["containers": []])
    }

    @Test("Remote admits virtual nodes only, and of those the selected ones")
    func remote() throws {
        let all = try #require(terms(try admitted([:], offloading("Remote", selector: false))))
        #expect(all.matches(labels: edge, name: "e"))
        #expect(all.matches(labels: otherEdge, name: "e"))
        #expect(!all.matches(labels: machine, name: "m"))
        let some = try #require(terms(try admitted([:], offloading("Remote", selector: true))))
        #expect(some.matches(labels: edge, name: "e"))
        #expect(!some.matches(labels: otherEdge, name: "e"))
        #expect(!some.matches(labels: machine, name: "m"))
    }

    @Test("LocalAndRemote with a selector admits machines and selected edges")
    func localAndRemote() throws {
        let some = try #require(terms(try admitted([:], offloading("LocalAndRemote", selector: true))))
        #expect(some.matches(labels: edge, name: "e"))
        #expect(!some.matches(labels: otherEdge, name: "e"))
        #expect(some.matches(labels: machine, name: "m"))
        #expect(terms(try admitted([:], offloading("LocalAndRemote", selector: false))) == nil)
    }

    @Test("the pod's own affinity must hold as well")
    func ownAffinity() throws {
        let own: JSON = [
            "affinity": [
                "nodeAffinity": [
                    "requiredDuringSchedulingIgnoredDuringExecution": [
                        "nodeSelectorTerms": [
                            ["matchExpressions": [["key": "zone", "operator": "In", "values": ["a"]]]]
                        ]
                    ]
                ]
            ]
        ]
        let selector = try #require(terms(try admitted(own, offloading("Remote", selector: true))))
        #expect(!selector.matches(labels: edge, name: "e"))
        #expect(selector.matches(labels: edge.merging(["zone": "a"]) { $1 }, name: "e"))
    }

    @Test("admitting twice changes nothing more", arguments: ["Remote", "LocalAndRemote"])
    func idempotent(_ strategy: String) throws {
        var pod = try admitted(
            ["tolerations": [["key": "x", "operator": "Exists"]]], offloading(strategy, selector: true))
        let once = pod
        try PodAdmission.admit(&pod, offloading(strategy, selector: true))
        #expect(pod == once)
        #expect(pod.spec["tolerations"]?.array?.count == 2)
        #expect(pod.spec["schedulerName"] == "causeway-scheduler")
    }

    @Test("another scheduler's name stays")
    func otherScheduler() throws {
        #expect(
            try admitted(["schedulerName": "mine"], offloading("Remote", selector: false)).spec["schedulerName"]
                == "mine")
    }
}

@Suite("Pods on their way to an edge")
struct RemotePodTests {
    @Test("the origin's decisions and rights on the edge's machines stay behind")
    func strips() {
        let pod = KubernetesObject(
            .pods, name: "a", namespace: "shop",
            [
                "metadata": ["uid": "u1", "labels": ["app": "x"], "ownerReferences": [["kind": "ReplicaSet"]]],
                "spec": [
                    "nodeName": "liqo-rome", "schedulerName": "causeway-scheduler", "affinity": [:],
                    "hostNetwork": true,
                    "priority": 5, "serviceAccountName": "sa", "terminationGracePeriodSeconds": 5,
                    "tolerations": [
                        ["key": "virtual-node.liqo.io/not-allowed", "operator": "Exists"], ["key": "mine"],
                    ],
                    "volumes": [["name": "kube-api-access-1"], ["name": "data"]],
                    "containers": [
                        ["name": "c", "volumeMounts": [["name": "kube-api-access-1"], ["name": "data"]]]
                    ],
                ], "status": ["phase": "Running"],
            ])
        let remote = RemotePod.make(from: pod, namespace: "shop-r", originClusterID: "cid")
        #expect(remote.namespace == "shop-r")
        #expect(remote.labels["app"] == "x")
        #expect(remote.labels["causeway.io/origin-uid"] == "u1")
        #expect(remote.ownerReferences.isEmpty)
        #expect(remote.json["status"] == nil)
        #expect(
            remote.spec == [
                "serviceAccountName": "sa", "terminationGracePeriodSeconds": 5, "automountServiceAccountToken": false,
                "tolerations": [["key": "mine"]], "volumes": [["name": "data"]],
                "containers": [["name": "c", "volumeMounts": [["name": "data"]]]],
            ])
    }

    @Test("the Secret with the account's token, which old clusters mount, stays behind; the pod's own Secrets do not")
    func tokenSecret() {
        let place = "/var/run/secrets/kubernetes.io/serviceaccount"
        let pod = KubernetesObject(
            .pods, name: "a", namespace: "shop",
            [
                "spec": [
                    "serviceAccountName": "default",
                    "volumes": [
                        ["name": "default-token-x", "secret": ["secretName": "default-token-x"]],
                        ["name": "own", "secret": ["secretName": "default-token-y"]],
                    ],
                    "containers": [
                        [
                            "name": "c",
                            "volumeMounts": [
                                ["name": "default-token-x", "mountPath": .string(place)],
                                ["name": "own", "mountPath": "/own"],
                            ],
                        ]
                    ],
                ]
            ])
        let remote = RemotePod.make(from: pod, namespace: "shop", originClusterID: "cid")
        #expect(remote.spec["serviceAccountName"] == nil)
        #expect(remote.spec["volumes"] == [["name": "own", "secret": ["secretName": "default-token-y"]]])
        #expect(remote.spec["containers"]?[0]?["volumeMounts"] == [["name": "own", "mountPath": "/own"]])
    }

    @Test("tokens that a pod asks for itself stay behind, what else is in the volume does not")
    func projectedToken() {
        let pod = KubernetesObject(
            .pods, name: "a", namespace: "shop",
            [
                "spec": [
                    "imagePullSecrets": [["name": "pull"]],
                    "volumes": [
                        ["name": "only", "projected": ["sources": [["serviceAccountToken": ["path": "t"]]]]],
                        [
                            "name": "both",
                            "projected": [
                                "sources": [["serviceAccountToken": ["path": "t"]], ["secret": ["name": "s"]]]
                            ],
                        ],
                    ],
                ]
            ])
        let remote = RemotePod.make(from: pod, namespace: "shop", originClusterID: "cid")
        #expect(remote.spec["imagePullSecrets"] == [["name": "pull"]])
        #expect(
            remote.spec["volumes"] == [
                ["name": "only", "emptyDir": [:]],
                ["name": "both", "projected": ["sources": [["secret": ["name": "s"]]]]],
            ])
    }
}
