import JSONTree
public import KubernetesModel
import OffloadingModel

/// The pod that an edge runs for a pod of the origin: what is sent, and what is not.
///
/// Pure. Decisions that were the origin's (which node, by which scheduler, under whose priority) stay there; whatever would
/// give the pod rights on the edge's machines or its API is taken off.
public enum RemotePod {
    /// - Parameters:
    ///   - pod: the origin's pod, bound to the edge's virtual node.
    ///   - namespace: the namespace's name on the edge.
    ///   - originClusterID: whose pod it is.
    public static func make(from pod: KubernetesObject, namespace: String, originClusterID: String) -> KubernetesObject
    {
        var labels = pod.labels
        labels[Names.originUIDLabel] = pod.uid
        labels[Names.originClusterIDLabel] = originClusterID
        labels[Names.managedByLabel] = Names.managedByValue
        var annotations = pod.annotations
        annotations["kubectl.kubernetes.io/last-applied-configuration"] = nil
        let tolerations = AbsenceTolerations.restore(pod.spec["tolerations"]?.array ?? [], annotations: &annotations)
        var metadata: JSON = ["labels": JSON(labels)]
        if !annotations.isEmpty { metadata["annotations"] = JSON(annotations) }
        return KubernetesObject(
            .pods, name: pod.name, namespace: namespace, ["metadata": metadata, "spec": spec(pod.spec, tolerations)])
    }

    /// Whether an object of this cluster, a pod or a namespace, is here for another origin: it is not this hub's to send on.
    public static func isRemote(_ object: KubernetesObject) -> Bool {
        object.label(Names.managedByLabel) == Names.managedByValue && object.label(Names.originClusterIDLabel) != nil
    }

    private static let droppedFields: Set<String> = [
        // Decided at the origin.
        "nodeName", "nodeSelector", "affinity", "topologySpreadConstraints", "schedulerName", "schedulingGates",
        "priority", "priorityClassName", "preemptionPolicy", "runtimeClassName", "overhead",
        // Another name for serviceAccountName; nobody gets a token.
        "serviceAccount", "automountServiceAccountToken",
        // The edge's machines are not the origin's to use.
        "hostNetwork", "hostPID", "hostIPC", "hostUsers",
    ]

    private static func spec(_ spec: JSON, _ tolerations: [JSON]) -> JSON {
        var object = spec.object ?? JSONObject()
        object.filter { key, _ in !droppedFields.contains(key) }
        var result = JSON.object(object)
        // At the edge an account of the same name, and without any rights, stands for the pod's own.
        if let account = result["serviceAccountName"]?.string, account.isEmpty || account == "default" {
            result["serviceAccountName"] = nil
        }
        result["automountServiceAccountToken"] = false
        let tokenVolumes = PodReferences.tokenVolumes(of: spec)
        if !tokenVolumes.isEmpty { removeVolumes(tokenVolumes, from: &result) }
        if let volumes = result["volumes"]?.array { result["volumes"] = .array(volumes.map(withoutTokens)) }
        let tolerations = tolerations.filter { $0["key"]?.string != Names.virtualNodeTaint }
        result["tolerations"] = tolerations.isEmpty ? nil : .array(tolerations)
        return result
    }

    /// A volume without the tokens that pods ask for themselves: at the edge they would be the edge's, which nobody asked for.
    private static func withoutTokens(_ volume: JSON) -> JSON {
        guard let sources = volume["projected"]?["sources"]?.array else { return volume }
        let rest = sources.filter { $0["serviceAccountToken"]?.isNull != false }
        guard rest.count < sources.count else { return volume }
        var volume = volume
        volume["projected", "sources"] = .array(rest)
        guard rest.isEmpty else { return volume }
        volume["projected"] = nil
        volume["emptyDir"] = [:]
        return volume
    }

    private static func removeVolumes(_ names: Set<String>, from spec: inout JSON) {
        func without(_ list: JSON?) -> JSON? {
            let rest = (list?.array ?? []).filter { !names.contains($0["name"]?.string ?? "") }
            return rest.isEmpty ? nil : .array(rest)
        }
        spec["volumes"] = without(spec["volumes"])
        for key in ["containers", "initContainers", "ephemeralContainers"] {
            guard let containers = spec[key]?.array else { continue }
            spec[key] = .array(
                containers.map { container in
                    var container = container
                    container["volumeMounts"] = without(container["volumeMounts"])
                    return container
                })
        }
    }
}
