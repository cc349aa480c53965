public import JSONTree

/// What Kubernetes sets once, when an object is made, whatever its writer said; after defaulting, before validation.
public enum Creation {
    /// Resets the status and sets the members that only the server sets.
    ///
    /// - Parameter uid: the object's new uid, which a Job's selector is made of.
    public static func prepare(_ json: inout JSON, as type: ResourceType, uid: String) {
        switch type.groupResource {
        case "pods":
            json["status"] = ["phase": "Pending", "qosClass": .string(PodQuality.of(json["spec"] ?? .null))]
        case "namespaces":
            json["spec", "finalizers"] = ["kubernetes"]
            json["status"] = ["phase": "Active"]
        case "services": json["status"] = ["loadBalancer": [:]]
        case "deployments.apps": json["status"] = [:]
        case "replicasets.apps": json["status"] = ["replicas": 0]
        case "jobs.batch":
            json["status"] = [:]
            if json["spec"]?["manualSelector"]?.bool != true { selectPods(of: &json, uid: uid) }
        case "poddisruptionbudgets.policy":
            json["status"] = ["currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0]
        case "customresourcedefinitions.apiextensions.k8s.io":
            let stored = json["spec"]?["versions"]?.array?.first { $0["storage"]?.bool == true }
            json["status"] = [
                "conditions": .null, "acceptedNames": ["plural": "", "kind": ""],
                "storedVersions": .array([stored?["name"] ?? ""]),
            ]
        default: break
        }
    }

    /// A Job selects its pods by its uid, so that no other Job's pods are its own.
    public static func selectPods(of job: inout JSON, uid: String) {
        let uid = JSON.string(uid)
        let name = job["metadata"]?["name"] ?? ""
        job["spec", "selector"] = ["matchLabels": ["batch.kubernetes.io/controller-uid": uid]]
        var labels = job["spec", "template", "metadata", "labels"] ?? .object(JSONObject())
        for (key, value) in [
            ("batch.kubernetes.io/controller-uid", uid), ("batch.kubernetes.io/job-name", name),
            ("controller-uid", uid), ("job-name", name),
        ] { labels[key] = value }
        job["spec", "template", "metadata", "labels"] = labels
    }
}
