import JSONTree
import KubernetesModel
import Scheduling
import Testing

@Suite struct WorkloadsTests {
    private func service(_ name: String, _ selector: JSON, namespace: String = "d") -> KubernetesObject {
        KubernetesObject(.services, name: name, namespace: namespace, ["spec": ["selector": selector]])
    }

    private func pod(owner: OwnerReference? = nil) -> KubernetesObject {
        var pod = TestCluster.pod("p")
        pod.json["metadata", "labels", "tier"] = "web"
        if let owner { pod.ownerReferences = [owner] }
        return pod
    }

    private func owner(_ apiVersion: String, _ kind: String) -> OwnerReference {
        OwnerReference(apiVersion: apiVersion, kind: kind, name: "w", uid: "1", isController: true)
    }

    private func set(_ workloads: inout Workloads, _ type: ResourceType, _ object: KubernetesObject) {
        workloads.set(type, object.key, to: object)
    }

    @Test("a pod belongs to all Services of its namespace that select it, and to its ReplicaSet")
    func belongs() throws {
        var workloads = Workloads()
        #expect(workloads.selector(of: pod()) == nil)
        set(&workloads, .services, service("one", ["app": "a"]))
        set(&workloads, .services, service("two", ["tier": "web", "app": "a"]))
        set(&workloads, .services, service("other", ["app": "b"]))
        set(&workloads, .services, service("elsewhere", ["tier": "web"], namespace: "e"))
        set(&workloads, .services, service("empty", .object(JSONObject())))
        #expect(workloads.selector(of: pod())?.text == "app=a,tier=web")
        let spec: JSON = [
            "selector": ["matchLabels": ["app": "a"], "matchExpressions": [["key": "hash", "operator": "Exists"]]]
        ]
        set(&workloads, .replicaSets, KubernetesObject(.replicaSets, name: "w", namespace: "d", ["spec": spec]))
        #expect(workloads.selector(of: pod(owner: owner("apps/v1", "ReplicaSet")))?.text == "app=a,hash,tier=web")
        // Another kind of that name is another owner.
        #expect(workloads.selector(of: pod(owner: owner("x/v1", "ReplicaSet")))?.text == "app=a,tier=web")
        let key = ObjectKey(namespace: "d", name: "two")
        workloads.set(.services, key, to: nil)
        #expect(workloads.selector(of: pod())?.text == "app=a")
    }

    @Test("ReplicationControllers select by labels, and what is gone selects no more")
    func replicationControllers() {
        var workloads = Workloads()
        let controller = KubernetesObject(
            .replicationControllers, name: "w", namespace: "d", ["spec": ["selector": ["app": "a"]]])
        set(&workloads, .replicationControllers, controller)
        let pod = pod(owner: owner("v1", "ReplicationController"))
        #expect(workloads.selector(of: pod)?.text == "app=a")
        workloads.set(.replicationControllers, controller.key, to: nil)
        #expect(workloads.selector(of: pod) == nil)
    }
}
