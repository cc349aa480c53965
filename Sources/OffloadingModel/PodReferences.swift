public import JSONTree
public import KubernetesModel

/// What a pod uses besides itself: what can go to an edge with it, and what cannot.
///
/// Pure. What every namespace has of itself (the cluster's root certificate, the default account and its token) does not count.
public struct PodReferences: Sendable, Hashable {
    /// An object that goes with the pod, in the pod's namespace.
    public struct Object: Sendable, Hashable {
        public let kind: ReflectedKind
        public let name: String

        public init(_ kind: ReflectedKind, _ name: String) {
            self.kind = kind
            self.name = name
        }
    }

    /// In the order in which the pod names them, each once; ConfigMaps and Secrets only.
    public private(set) var objects: [Object] = []
    /// Those of ``objects`` without which the pod does not start.
    public private(set) var needed: Set<Object> = []
    /// The ServiceAccount whose rights the pod expects; `nil` for the default one.
    public let serviceAccount: String?
    /// What the pod uses and no edge is given, in the words of manifests; each once.
    public private(set) var unsent: [Unsent] = []

    /// Something that stays behind.
    public enum Unsent: Sendable, Hashable {
        case claim(String)
        /// The name of a volume with a token of the origin's API.
        case token(volume: String)
        case resourceClaim(String)
    }

    public init(_ pod: KubernetesObject) {
        let spec = pod.spec
        let account = spec["serviceAccountName"]?.string ?? ""
        serviceAccount = account.isEmpty || account == "default" ? nil : account
        let tokenVolumes = Self.tokenVolumes(of: spec)
        for volume in spec["volumes"]?.array ?? [] where !tokenVolumes.contains(volume["name"]?.string ?? "") {
            add(volume)
        }
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            for container in spec[list]?.array ?? [] { add(container: container) }
        }
        for secret in spec["imagePullSecrets"]?.array ?? [] {
            // A pod starts without them, where its image can be had without.
            add(.secret, secret, "name", isNeeded: false)
        }
        for claim in spec["resourceClaims"]?.array ?? [] {
            if let name = claim["name"]?.string { add(.resourceClaim(name)) }
        }
    }

    /// The volumes with a token of the pod's service account, which the origin's API adds: `kube-api-access-…`, and before
    /// Kubernetes 1.21 the Secret `NAME-token-…` at the same place.
    public static func tokenVolumes(of spec: JSON) -> Set<String> {
        let containers = ["containers", "initContainers"].flatMap { spec[$0]?.array ?? [] }
        let atTokenPath = Set(
            containers.flatMap { $0["volumeMounts"]?.array ?? [] }
                .filter { $0["mountPath"]?.string == "/var/run/secrets/kubernetes.io/serviceaccount" }
                .compactMap { $0["name"]?.string })
        let account = spec["serviceAccountName"]?.string ?? "default"
        return Set(
            (spec["volumes"]?.array ?? []).compactMap { volume -> String? in
                guard let name = volume["name"]?.string else { return nil }
                if name.hasPrefix("kube-api-access-") { return name }
                let secret = volume["secret"]?["secretName"]?.string ?? ""
                return secret.hasPrefix("\(account)-token-") && atTokenPath.contains(name) ? name : nil
            })
    }

    private mutating func add(_ volume: JSON) {
        add(.configMap, volume["configMap"], "name")
        add(.secret, volume["secret"], "secretName")
        if let claim = volume["persistentVolumeClaim"]?["claimName"]?.string { add(.claim(claim)) }
        for source in volume["projected"]?["sources"]?.array ?? [] {
            add(.configMap, source["configMap"], "name")
            add(.secret, source["secret"], "name")
            if source["serviceAccountToken"]?.isNull == false {
                add(.token(volume: volume["name"]?.string ?? ""))
            }
        }
        add(.secret, volume["csi"]?["nodePublishSecretRef"], "name")
        add(.secret, volume["azureFile"], "secretName")
        // The kinds of volumes that say so in one way: cephfs, flexVolume, iscsi, rbd, scaleIO, storageos.
        for (_, source) in volume.object ?? JSONObject() { add(.secret, source["secretRef"], "name") }
    }

    private mutating func add(container: JSON) {
        for source in container["envFrom"]?.array ?? [] {
            add(.configMap, source["configMapRef"], "name")
            add(.secret, source["secretRef"], "name")
        }
        for variable in container["env"]?.array ?? [] {
            add(.configMap, variable["valueFrom"]?["configMapKeyRef"], "name")
            add(.secret, variable["valueFrom"]?["secretKeyRef"], "name")
        }
    }

    private mutating func add(_ kind: ReflectedKind, _ reference: JSON?, _ key: String, isNeeded: Bool = true) {
        guard let name = reference?[key]?.string, !name.isEmpty, name != "kube-root-ca.crt" else { return }
        let object = Object(kind, name)
        if !objects.contains(object) { objects.append(object) }
        if isNeeded, reference?["optional"] != true { needed.insert(object) }
    }

    private mutating func add(_ thing: Unsent) { if !unsent.contains(thing) { unsent.append(thing) } }

    /// All that goes with the pod: its objects, and its account, which is a name only.
    public var all: [Object] { objects + (serviceAccount.map { [Object(.serviceAccount, $0)] } ?? []) }
}
