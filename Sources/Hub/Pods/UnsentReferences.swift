import JSONTree
import KubernetesModel

/// What a pod uses besides itself, none of which is taken to its edge: the pod's user is told, before the pod waits for it.
///
/// Pure. What every namespace has of itself (the cluster's root certificate, a token of the default account) does not count.
struct UnsentReferences: Sendable, Hashable {
    /// Each as `ConfigMap "name"`, in the order in which the pod names them, each once.
    private(set) var objects: [String] = []
    /// The ServiceAccount whose rights the pod expects; `nil` for the default one.
    let serviceAccount: String?

    init(_ pod: KubernetesObject) {
        let spec = pod.spec
        let account = spec["serviceAccountName"]?.string ?? ""
        serviceAccount = account.isEmpty || account == "default" ? nil : account
        let tokenPrefix = "\(account.isEmpty ? "default" : account)-token-"
        for volume in spec["volumes"]?.array ?? [] {
            add("ConfigMap", volume["configMap"], "name")
            // Before Kubernetes 1.21 the API server adds a volume for the account's token, which stays behind on purpose.
            if volume["secret"]?["secretName"]?.string?.hasPrefix(tokenPrefix) != true {
                add("Secret", volume["secret"], "secretName")
            }
            add("PersistentVolumeClaim", volume["persistentVolumeClaim"], "claimName")
            for source in volume["projected"]?["sources"]?.array ?? [] {
                add("ConfigMap", source["configMap"], "name")
                add("Secret", source["secret"], "name")
            }
        }
        for container in ["initContainers", "containers"].flatMap({ spec[$0]?.array ?? [] }) {
            for source in container["envFrom"]?.array ?? [] {
                add("ConfigMap", source["configMapRef"], "name")
                add("Secret", source["secretRef"], "name")
            }
            for variable in container["env"]?.array ?? [] {
                add("ConfigMap", variable["valueFrom"]?["configMapKeyRef"], "name")
                add("Secret", variable["valueFrom"]?["secretKeyRef"], "name")
            }
        }
        for secret in spec["imagePullSecrets"]?.array ?? [] { add("Secret", secret, "name") }
    }

    /// What does without is not asked for.
    private mutating func add(_ kind: String, _ reference: JSON?, _ key: String) {
        guard let name = reference?[key]?.string, reference?["optional"] != true, name != "kube-root-ca.crt" else {
            return
        }
        let words = "\(kind) \"\(name)\""
        if !objects.contains(words) { objects.append(words) }
    }

    /// A sentence for the pod's events; `nil` where there is nothing to say.
    ///
    /// - Parameter namespace: of the pod at the edge.
    func message(edge: String, namespace: String) -> String? {
        var parts: [String] = []
        if !objects.isEmpty {
            let list = objects.prefix(8).joined(separator: ", ") + (objects.count > 8 ? " and more" : "")
            parts.append("\(list) must be in namespace \(namespace) of edge \(edge): the pod uses them and comes alone")
        }
        if let serviceAccount {
            parts.append("the pod has no rights of ServiceAccount \"\(serviceAccount)\" on edge \(edge)")
        }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }
}
