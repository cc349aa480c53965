import ClusterAPI
import JSONTree
import KubernetesModel

extension ClusterAPIContract {
    static let reading: [Promise] = [
        Promise(description: "what is not there is not found, by its name") { api, namespace in
            let error = try await refusal("a get of nothing") {
                _ = try await api.get(.configMaps, namespace: namespace, name: "nothing")
            }
            try promise(error.isNotFound && error.code == 404, "404 NotFound")
            try promise(error.message == "configmaps \"nothing\" not found", "Kubernetes' words: \(error.message)")
        },
        Promise(description: "a list is ordered by name and selects by labels and fields") { api, namespace in
            for (name, tier) in [("b", "front"), ("a", "back"), ("c", "front")] {
                _ = try await api.create(.configMaps, configMap(name, namespace, labels: ["tier": .string(tier)]))
            }
            let all = try await api.list(.configMaps, namespace: namespace).items.map(\.name)
            try promise(all.filter { $0.count == 1 } == ["a", "b", "c"], "ordered: \(all)")
            let front = try await api.list(
                .configMaps, namespace: namespace, ListOptions(labelSelector: "tier in (front)"))
            try promise(front.items.map(\.name) == ["b", "c"], "by label")
            let one = try await api.list(
                .configMaps, namespace: namespace, ListOptions(fieldSelector: "metadata.name=b"))
            try promise(one.items.map(\.name) == ["b"], "by field")
        },
        Promise(description: "pages follow one another and show one moment") { api, namespace in
            for name in 0..<5 { _ = try await api.create(.secrets, secret("s\(name)", namespace)) }
            let first = try await api.list(.secrets, namespace: namespace, ListOptions(limit: 2))
            _ = try await api.create(.secrets, secret("s9", namespace))
            var names = first.items.map(\.name)
            var next = first.continuation
            while !next.isEmpty {
                let page = try await api.list(
                    .secrets, namespace: namespace, ListOptions(limit: 2, continuation: next))
                names += page.items.map(\.name)
                next = page.continuation
            }
            // Clusters before 1.24 give the namespace a Secret of their own.
            names.removeAll { $0.hasPrefix("default-token-") }
            try promise(names == ["s0", "s1", "s2", "s3", "s4"], "all, once, as of the first page: \(names)")
        },
    ]

    private static func secret(_ name: String, _ namespace: String) -> KubernetesObject {
        KubernetesObject(.secrets, name: name, namespace: namespace)
    }

    static let writing: [Promise] = [
        Promise(description: "a created object has identity, time and version") { api, namespace in
            let made = try await api.create(.configMaps, configMap("a", namespace))
            try promise(
                !made.uid.isEmpty && !made.creationTimestamp.isEmpty && !made.resourceVersion.isEmpty, "metadata")
            let read = try await api.get(.configMaps, namespace: namespace, name: "a")
            try promise(read.json == made.json, "what was returned is what is stored")
            let error = try await refusal("a second creation") {
                _ = try await api.create(.configMaps, configMap("a", namespace))
            }
            try promise(error.isAlreadyExists && error.code == 409, "409 AlreadyExists")
        },
        Promise(description: "nothing is made in a namespace that is not there") { api, _ in
            let error = try await refusal("a creation nowhere") {
                _ = try await api.create(.configMaps, configMap("a", "contract-nowhere"))
            }
            try promise(error.isNotFound && error.message == "namespaces \"contract-nowhere\" not found", error.message)
        },
        Promise(description: "an update with an old version is a conflict, one without a version overwrites") {
            api, namespace in
            let first = try await api.create(.configMaps, configMap("a", namespace))
            var second = first
            second.json["data", "v"] = "2"
            let updated = try await api.update(.configMaps, second)
            try promise(updated.resourceVersion != first.resourceVersion, "a new version")
            let error = try await refusal("an update of an old version") {
                _ = try await api.update(.configMaps, second)
            }
            try promise(error.isConflict && error.code == 409, "409 Conflict")
            let overwritten = try await api.update(.configMaps, configMap("a", namespace, "3"))
            try promise(overwritten.json["data", "v"] == "3" && overwritten.uid == first.uid, "overwritten")
        },
        Promise(description: "an update that changes nothing makes no new version") { api, namespace in
            let first = try await api.create(.configMaps, configMap("a", namespace))
            let again = try await api.update(.configMaps, first)
            try promise(again.resourceVersion == first.resourceVersion, "the same version")
        },
        Promise(description: "status and spec are written apart") { api, namespace in
            var made = try await api.create(.deployments, deployment(namespace))
            try promise(made.generation == 1, "generation 1")
            made.json["status", "replicas"] = 7
            made.json["spec", "replicas"] = 4
            let spec = try await api.update(.deployments, made)
            try promise(spec.spec["replicas"] == 4 && spec.status["replicas"] != 7, "the object without its status")
            try promise(spec.generation == 2, "a new generation")
            var changed = spec
            changed.json["status", "replicas"] = 7
            changed.json["spec", "replicas"] = 9
            let status = try await api.updateStatus(.deployments, changed)
            try promise(status.spec["replicas"] == 4 && status.status["replicas"] == 7, "the status alone")
            try promise(status.generation == 2, "no new generation")
        },
        Promise(description: "merge and JSON patches change what they name") { api, namespace in
            _ = try await api.create(.configMaps, configMap("a", namespace, labels: ["x": "y"]))
            let merged = try await api.merge(
                .configMaps, namespace: namespace, name: "a", ["data": ["w": "2"], "metadata": ["labels": .null]])
            try promise(merged.json["data"] == ["v": "1", "w": "2"] && merged.labels.isEmpty, "merge")
            let operations: JSON = [["op": "replace", "path": "/data/v", "value": "5"]]
            let patched = try await api.patch(
                .configMaps, namespace: namespace, name: "a", Patch(.json, operations), subresource: nil, WriteOptions()
            )
            try promise(patched.json["data", "v"] == "5", "JSON patch")
        },
        Promise(description: "a dry run stores nothing") { api, namespace in
            _ = try await api.create(.configMaps, configMap("a", namespace), WriteOptions(isDryRun: true))
            try promise(try await api.find(.configMaps, namespace: namespace, name: "a") == nil, "nothing stored")
        },
        Promise(description: "a generated name is new each time") { api, namespace in
            var object = configMap("", namespace)
            object.json["metadata", "name"] = nil
            object.json["metadata", "generateName"] = "made-"
            let one = try await api.create(.configMaps, object)
            let two = try await api.create(.configMaps, object)
            try promise(one.name.hasPrefix("made-") && one.name.count == 10 && one.name != two.name, "names")
        },
        Promise(description: "a pod that is not there, or on no node, cannot be visited") { api, namespace in
            let request = ContainerRequest(
                container: "", command: ["true"], standardInput: true, standardOutput: true)
            let streams = ContainerStreams(receive: { nil }, send: { _ in })
            let bytes = ByteStreams(receive: { nil }, send: { _ in })
            var waits = pod("waits", namespace)
            waits.spec["schedulerName"] = "nobody"
            _ = try await api.create(.pods, waits)
            for (name, words) in [("nowhere", "not found"), ("waits", "does not have a host assigned")] {
                let errors = [
                    try await refusal("exec in \(name)") {
                        _ = try await api.exec(namespace: namespace, name: name, request, streams)
                    },
                    try await refusal("attach to \(name)") {
                        try await api.attach(namespace: namespace, name: name, request, streams)
                    },
                    try await refusal("a connection to \(name)") {
                        try await api.forward(namespace: namespace, name: name, port: 80, bytes)
                    },
                ]
                for error in errors {
                    try promise(
                        error.message.contains(words) && error.code == (name == "nowhere" ? 404 : 400), "\(error)")
                }
            }
        },
        Promise(description: "a pod is bound once, and found by its node") { api, namespace in
            _ = try await api.create(.pods, pod("p", namespace))
            let binding: JSON = [
                "apiVersion": "v1", "kind": "Binding", "metadata": ["name": "p"],
                "target": ["kind": "Node", "name": "contract-node"],
            ]
            _ = try await api.createSubresource(
                .pods, namespace: namespace, name: "p", subresource: "binding", binding)
            let found = try await api.list(
                .pods, namespace: namespace, ListOptions(fieldSelector: "spec.nodeName=contract-node"))
            try promise(found.items.map(\.name) == ["p"], "found by its node")
            let error = try await refusal("a second binding") {
                _ = try await api.createSubresource(
                    .pods, namespace: namespace, name: "p", subresource: "binding", binding)
            }
            try promise(error.isConflict, "a conflict: \(error)")
        },
    ]

    static func pod(_ name: String, _ namespace: String) -> KubernetesObject {
        KubernetesObject(
            .pods, name: name, namespace: namespace, ["spec": ["containers": [["name": "c", "image": "busybox"]]]])
    }

    private static func deployment(_ namespace: String) -> KubernetesObject {
        KubernetesObject(
            .deployments, name: "d", namespace: namespace,
            [
                "spec": [
                    "replicas": 0, "selector": ["matchLabels": ["app": "d"]],
                    "template": [
                        "metadata": ["labels": ["app": "d"]],
                        "spec": ["containers": [["name": "c", "image": "busybox"]]],
                    ],
                ]
            ])
    }
}
