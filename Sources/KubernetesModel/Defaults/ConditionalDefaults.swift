import JSONTree

/// Defaults that depend on other members of the same object, as Kubernetes' `defaults.go` files have them.
enum ConditionalDefaults {
    static let byDefinition: [String: @Sendable (inout JSONObject) -> Void] = [
        "io.k8s.api.apps.v1.DeploymentStrategy": deploymentStrategy,
        "io.k8s.api.batch.v1.JobSpec": job,
        "io.k8s.api.core.v1.Namespace": namespace,
        "io.k8s.api.core.v1.Secret": secret,
        "io.k8s.api.core.v1.ReplicationController": replicationController,
        "io.k8s.api.core.v1.Pod": pod,
        "io.k8s.api.core.v1.PodSpec": podSpec,
        "io.k8s.api.core.v1.Container": container,
        "io.k8s.api.core.v1.EphemeralContainer": container,
        "io.k8s.api.core.v1.Volume": volume,
        "io.k8s.api.core.v1.ServiceSpec": service,
        "io.k8s.api.core.v1.ServicePort": servicePort,
        "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition":
            customResourceDefinition,
    ]

    private static func set(_ object: inout JSONObject, _ key: String, _ value: JSON) {
        if object[key] == nil { object[key] = value }
    }

    @Sendable private static func deploymentStrategy(_ object: inout JSONObject) {
        guard object["type"] == "RollingUpdate" else { return }
        set(&object, "rollingUpdate", .object(JSONObject()))
    }

    /// A job that gives a number of pods at a time, but not how many must succeed, is a work queue.
    @Sendable private static func job(_ object: inout JSONObject) {
        if object["parallelism"] == nil { set(&object, "completions", 1) }
        set(&object, "parallelism", 1)
        // Where failures count by index they have no limit of their own.
        let limit = object["backoffLimitPerIndex"].map { $0.isNull } ?? true ? 6 : Int(Int32.max)
        set(&object, "backoffLimit", JSON(limit))
        set(&object, "manualSelector", false)
        let replacement = object["podFailurePolicy"] == nil ? "TerminatingOrFailed" : "Failed"
        set(&object, "podReplacementPolicy", .string(replacement))
    }

    @Sendable private static func namespace(_ object: inout JSONObject) {
        guard let name = object["metadata"]?["name"]?.string, !name.isEmpty else { return }
        var metadata = object["metadata"] ?? .object(JSONObject())
        metadata["labels", "kubernetes.io/metadata.name"] = .string(name)
        object["metadata"] = metadata
    }

    /// `stringData` is a write-only way to fill `data`.
    @Sendable private static func secret(_ object: inout JSONObject) {
        guard let texts = object["stringData"]?.object else { return }
        var data = object["data"]?.object ?? JSONObject()
        for (key, value) in texts { data[key] = .string(Base64Text.encode((value.string ?? "").utf8)) }
        object["stringData"] = nil
        object["data"] = .object(data)
    }

    /// A replication controller selects the labels of its template, and bears them, where it says nothing else.
    @Sendable private static func replicationController(_ object: inout JSONObject) {
        guard let labels = object["spec"]?["template"]?["metadata"]?["labels"], labels.object?.isEmpty == false else {
            return
        }
        var spec = object["spec"] ?? .object(JSONObject())
        if (spec["selector"]?.object ?? [:]).isEmpty { spec["selector"] = labels }
        object["spec"] = spec
        guard (object["metadata"]?["labels"]?.object ?? [:]).isEmpty else { return }
        var metadata = object["metadata"] ?? .object(JSONObject())
        metadata["labels"] = labels
        object["metadata"] = metadata
    }

    /// A pod's containers request what they are limited to where they say nothing else.
    @Sendable private static func pod(_ object: inout JSONObject) {
        guard var spec = object["spec"] else { return }
        for list in ["containers", "initContainers"] {
            guard let containers = spec[list]?.array else { continue }
            spec[list] = .array(containers.map(withRequests))
        }
        object["spec"] = spec
    }

    private static func withRequests(_ container: JSON) -> JSON {
        guard let limits = container["resources"]?["limits"]?.object, !limits.isEmpty else { return container }
        var container = container
        var requests = container["resources"]?["requests"]?.object ?? JSONObject()
        for (name, amount) in limits where requests[name] == nil { requests[name] = amount }
        container["resources", "requests"] = .object(requests)
        return container
    }

    @Sendable private static func podSpec(_ object: inout JSONObject) {
        if object["serviceAccountName"] == nil, let account = object["serviceAccount"] {
            object["serviceAccountName"] = account
        } else if let account = object["serviceAccountName"] {
            object["serviceAccount"] = account
        }
        guard object["hostNetwork"]?.bool == true else { return }
        for list in ["containers", "initContainers"] {
            guard let containers = object[list]?.array else { continue }
            object[list] = .array(
                containers.map { container in
                    guard let ports = container["ports"]?.array else { return container }
                    var container = container
                    container["ports"] = .array(
                        ports.map { port in
                            guard port["hostPort"] == nil, let number = port["containerPort"] else { return port }
                            var port = port
                            port["hostPort"] = number
                            return port
                        })
                    return container
                })
        }
    }

    /// Images whose tag may move are always pulled.
    @Sendable private static func container(_ object: inout JSONObject) {
        guard object["imagePullPolicy"] == nil else { return }
        let image = object["image"]?.string ?? ""
        object["imagePullPolicy"] = ImageReference.hasMovingTag(image) ? "Always" : "IfNotPresent"
    }

    /// A volume that names no source is an empty folder.
    @Sendable private static func volume(_ object: inout JSONObject) {
        if object.count == 1, object["name"] != nil { object["emptyDir"] = .object(JSONObject()) }
        if var image = object["image"], image["pullPolicy"] == nil {
            let reference = image["reference"]?.string ?? ""
            image["pullPolicy"] = ImageReference.hasMovingTag(reference) ? "Always" : "IfNotPresent"
            object["image"] = image
        }
    }

    @Sendable private static func service(_ object: inout JSONObject) {
        let type = object["type"]?.string ?? "ClusterIP"
        if object["sessionAffinity"] == "ClientIP" {
            set(&object, "sessionAffinityConfig", ["clientIP": ["timeoutSeconds": 10800]])
        }
        if type != "ExternalName" { set(&object, "internalTrafficPolicy", "Cluster") }
        if type == "NodePort" || type == "LoadBalancer" { set(&object, "externalTrafficPolicy", "Cluster") }
        if type == "LoadBalancer" { set(&object, "allocateLoadBalancerNodePorts", true) }
    }

    @Sendable private static func servicePort(_ object: inout JSONObject) {
        let target = object["targetPort"]
        guard target == nil || target == 0 || target == "", let port = object["port"] else { return }
        object["targetPort"] = port
    }

    @Sendable private static func customResourceDefinition(_ object: inout JSONObject) {
        guard var spec = object["spec"] else { return }
        var names = spec["names"] ?? .object(JSONObject())
        let kind = names["kind"]?.string ?? ""
        if names["singular"] == nil, !kind.isEmpty { names["singular"] = .string(kind.lowercased()) }
        if names["listKind"] == nil, !kind.isEmpty { names["listKind"] = .string(kind + "List") }
        spec["names"] = names
        object["spec"] = spec
        guard var status = object["status"], status["storedVersions"]?.array == nil else { return }
        let stored = spec["versions"]?.array?.first { $0["storage"]?.bool == true }
        guard let name = stored?["name"] else { return }
        status["storedVersions"] = .array([name])
        object["status"] = status
    }
}
