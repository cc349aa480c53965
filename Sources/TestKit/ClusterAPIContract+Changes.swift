import ClusterAPI
import JSONTree
import KubernetesModel

extension ClusterAPIContract {
    static let deleting: [Promise] = [
        Promise(description: "a deletion removes, and refuses another's uid") { api, namespace in
            let made = try await api.create(.configMaps, configMap("a", namespace))
            let error = try await refusal("a deletion of another") {
                try await api.delete(.configMaps, namespace: namespace, name: "a", DeleteOptions(uid: "other"))
            }
            try promise(error.isConflict, "a conflict")
            try await api.delete(.configMaps, namespace: namespace, name: "a", DeleteOptions(uid: made.uid))
            try promise(try await api.find(.configMaps, namespace: namespace, name: "a") == nil, "gone")
            try promise(
                try await api.deleteIfPresent(.configMaps, namespace: namespace, name: "a") == false, "gone already")
        },
        Promise(description: "a finalizer holds a deletion until it is removed") { api, namespace in
            var object = configMap("a", namespace)
            object.finalizers = ["causeway.io/contract"]
            _ = try await api.create(.configMaps, object)
            try await api.delete(.configMaps, namespace: namespace, name: "a", DeleteOptions())
            let held = try await api.get(.configMaps, namespace: namespace, name: "a")
            try promise(held.isBeingDeleted, "marked")
            _ = try await api.merge(
                .configMaps, namespace: namespace, name: "a", ["metadata": ["finalizers": .null]])
            try promise(try await api.find(.configMaps, namespace: namespace, name: "a") == nil, "gone")
        },
        Promise(description: "a bound pod has its grace period, an unbound one goes at once") { api, namespace in
            _ = try await api.create(.pods, pod("free", namespace))
            try await api.delete(.pods, namespace: namespace, name: "free", DeleteOptions())
            try promise(try await api.find(.pods, namespace: namespace, name: "free") == nil, "gone at once")
            _ = try await api.create(.pods, pod("bound", namespace))
            _ = try await api.createSubresource(
                .pods, namespace: namespace, name: "bound", subresource: "binding",
                ["metadata": ["name": "bound"], "target": ["kind": "Node", "name": "contract-node"]])
            try await api.delete(.pods, namespace: namespace, name: "bound", DeleteOptions(gracePeriodSeconds: 20))
            let held = try await api.get(.pods, namespace: namespace, name: "bound")
            try promise(held.isBeingDeleted && held.deletionGracePeriodSeconds == 20, "marked")
            try await api.delete(.pods, namespace: namespace, name: "bound", DeleteOptions(gracePeriodSeconds: 0))
            try promise(try await api.find(.pods, namespace: namespace, name: "bound") == nil, "gone")
        },
        Promise(description: "a pod that has ended tells so to who holds it, once") { api, namespace in
            var object = pod("held", namespace)
            object.finalizers = ["causeway.io/contract"]
            try await api.deleteEnded(try await api.create(.pods, object))
            let held = try await api.get(.pods, namespace: namespace, name: "held")
            try promise(held.isBeingDeleted && held.status["phase"] == "Failed", "\(held.json)")
            try await api.deleteEnded(held)
            let again = try await api.get(.pods, namespace: namespace, name: "held")
            try promise(again.resourceVersion == held.resourceVersion, "left alone")
            _ = try await api.merge(.pods, namespace: namespace, name: "held", ["metadata": ["finalizers": .null]])
            try promise(try await api.find(.pods, namespace: namespace, name: "held") == nil, "gone")
            try await api.deleteEnded(held)
        },
    ]

    static let watching: [Promise] = [
        Promise(description: "a watch reports every change after its version, in order") { api, namespace in
            let list = try await api.list(.configMaps, namespace: namespace)
            var object = try await api.create(.configMaps, configMap("a", namespace))
            object.json["data", "v"] = "2"
            _ = try await api.update(.configMaps, object)
            try await api.delete(.configMaps, namespace: namespace, name: "a", DeleteOptions())
            var words: [String] = []
            let watch = try await api.watch(
                .configMaps, namespace: namespace,
                WatchOptions(
                    resourceVersion: list.resourceVersion, fieldSelector: "metadata.name=a", timeoutSeconds: 20))
            for try await event in watch {
                switch event {
                case .added(let object): words.append("added \(object.name)")
                case .modified(let object): words.append("modified \(object.json["data", "v"]?.string ?? "")")
                case .deleted(let object): words.append("deleted \(object.name)")
                case .bookmark: break
                }
                if words.count == 3 { break }
            }
            try promise(words == ["added a", "modified 2", "deleted a"], "\(words)")
        },
        Promise(description: "through a label selector an object comes and goes") { api, namespace in
            let list = try await api.list(.configMaps, namespace: namespace)
            _ = try await api.create(.configMaps, configMap("a", namespace, labels: ["in": "no"]))
            for value in ["yes", "no"] {
                _ = try await api.merge(
                    .configMaps, namespace: namespace, name: "a", ["metadata": ["labels": ["in": .string(value)]]])
            }
            var words: [String] = []
            let watch = try await api.watch(
                .configMaps, namespace: namespace,
                WatchOptions(resourceVersion: list.resourceVersion, labelSelector: "in=yes", timeoutSeconds: 20))
            for try await event in watch {
                switch event {
                case .added: words.append("added")
                case .modified: words.append("modified")
                case .deleted: words.append("deleted")
                case .bookmark: break
                }
                if words.count == 2 { break }
            }
            try promise(words == ["added", "deleted"], "\(words)")
        },
        Promise(description: "a watch ends at its timeout") { api, namespace in
            let list = try await api.list(.configMaps, namespace: namespace)
            let watch = try await api.watch(
                .configMaps, namespace: namespace,
                WatchOptions(resourceVersion: list.resourceVersion, timeoutSeconds: 1))
            for try await event in watch {
                if case .bookmark = event { continue }
                if case .added(let object) = event, object.name == "kube-root-ca.crt" { continue }
                throw ContractBroken(description: "an event out of nowhere: \(event)")
            }
        },
    ]
}
