import ClusterAPI
import JSONTree
import KubernetesModel

extension ResourceStrategy {
    /// A new object starts with this status.
    static func withStatus(_ status: JSON) -> ResourceStrategy { ResourceStrategy(initialStatus: { _ in status }) }

    /// Their pods stay where a deletion says nothing else, as they did before there was garbage collection.
    static let replicationControllers = ResourceStrategy(
        initialStatus: { _ in ["replicas": 0] }, propagation: .orphan)

    /// Nodes bring their status when they register, and may relabel themselves with it.
    static let nodes = ResourceStrategy(
        acceptsStatusOnCreate: true, statusMetadata: ["annotations", "labels"])

    /// The finalizer in `spec` holds a namespace until its contents are gone.
    static let namespaces = ResourceStrategy(
        prepareForCreate: { namespace, _ in
            namespace.spec = ["finalizers": ["kubernetes"]]
            namespace.json["metadata", "labels", "kubernetes.io/metadata.name"] = .string(namespace.name)
        },
        prepareForUpdate: { namespace, old in
            namespace.json["spec"] = old.json["spec"]
            namespace.json["metadata", "labels", "kubernetes.io/metadata.name"] = .string(namespace.name)
        },
        initialStatus: { _ in ["phase": "Active"] },
        isHeld: { !($0.spec["finalizers"]?.array ?? []).isEmpty },
        markDeleted: { $0.json["status", "phase"] = "Terminating" },
        deletionRefusal: { name in
            ["default", "kube-system", "kube-public"].contains(name) ? "this namespace may not be deleted" : nil
        })

    /// The address that was given to a service stays with it.
    static let services = ResourceStrategy(
        prepareForUpdate: { service, old in
            ServiceTypes.leave(&service, old)
            for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]
            where service.spec[field] == nil && service.spec["type"]?.string != "ExternalName" {
                service.json["spec", field] = old.spec[field]
            }
            NodePorts.keep(&service, old)
        },
        initialStatus: { _ in ["loadBalancer": .object(JSONObject())] })

    static let customResourceDefinitions = ResourceStrategy(
        prepareForCreate: { definition, _ in CustomResources.setDefaults(&definition) },
        prepareForUpdate: { definition, _ in CustomResources.setDefaults(&definition) },
        finalizersOnCreate: [CustomResources.cleanupFinalizer])

    /// The classes of the system stay.
    static let priorityClasses = ResourceStrategy(deletionRefusal: { name in
        SystemObjects.priorityClasses.contains { $0.name == name }
            ? "this is a system priority class and cannot be deleted" : nil
    })

    /// A Job selects its pods by its own uid.
    static let jobs = ResourceStrategy(
        prepareForCreate: { job, _ in
            guard job.spec["manualSelector"]?.bool != true else { return }
            Creation.selectPods(of: &job.json, uid: job.uid)
            if job.labels.isEmpty {
                job.json["metadata", "labels"] = job.spec["template"]?["metadata"]?["labels"]
            }
        },
        initialStatus: { _ in .object(JSONObject()) })

    /// Tells that no scheduler looks at a pod yet.
    private static let gated: JSON = [
        "type": "PodScheduled", "status": "False", "lastProbeTime": .null, "lastTransitionTime": .null,
        "reason": "SchedulingGated", "message": "Scheduling is blocked due to non-empty scheduling gates",
    ]

    static let pods = ResourceStrategy(
        prepareForCreate: { pod, _ in
            PodAdmission.addTolerations(to: &pod.json)
        },
        initialStatus: { pod in
            var status: JSON = ["phase": "Pending", "qosClass": .string(PodQuality.of(pod.spec))]
            if pod.spec["schedulingGates"]?.array?.isEmpty == false { status["conditions"] = [Self.gated] }
            return status
        },
        statusMetadata: ["annotations", "labels"],
        gracePeriod: { pod, asked in
            // An unbound pod, or one that has ended, has nothing to wait for.
            guard pod.spec["nodeName"]?.string?.isEmpty == false else { return 0 }
            if ["Failed", "Succeeded"].contains(pod.status["phase"]?.string ?? "") { return 0 }
            let own = pod.spec["terminationGracePeriodSeconds"]?.int ?? 30
            return max(0, asked ?? own)
        })
}
