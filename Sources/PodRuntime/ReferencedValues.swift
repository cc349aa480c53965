import JSONTree
public import KubernetesModel

/// The contents of the ConfigMaps and Secrets that a pod refers to, by name; one that does not exist is absent.
public struct ReferencedValues: Sendable, Hashable {
    public var configMaps: [String: [String: ReferencedValue]]
    public var secrets: [String: [String: ReferencedValue]]

    public init(
        configMaps: [String: [String: ReferencedValue]] = [:], secrets: [String: [String: ReferencedValue]] = [:]
    ) {
        self.configMaps = configMaps
        self.secrets = secrets
    }

    /// The names that a pod's containers and volumes refer to.
    public static func names(in pod: KubernetesObject) -> (configMaps: Set<String>, secrets: Set<String>) {
        var (configMaps, secrets) = namesInVolumes(of: pod)
        for list in ["initContainers", "containers"] {
            for container in pod.spec[list]?.array ?? [] {
                for source in container["envFrom"]?.array ?? [] {
                    if let name = source["configMapRef"]?["name"]?.string { configMaps.insert(name) }
                    if let name = source["secretRef"]?["name"]?.string { secrets.insert(name) }
                }
                for variable in container["env"]?.array ?? [] {
                    if let name = variable["valueFrom"]?["configMapKeyRef"]?["name"]?.string { configMaps.insert(name) }
                    if let name = variable["valueFrom"]?["secretKeyRef"]?["name"]?.string { secrets.insert(name) }
                }
            }
        }
        return (configMaps, secrets)
    }

    /// The names that a pod's volumes refer to: what a running pod gets to see when it changes.
    public static func namesInVolumes(of pod: KubernetesObject) -> (configMaps: Set<String>, secrets: Set<String>) {
        var configMaps = Set<String>()
        var secrets = Set<String>()
        for volume in pod.spec["volumes"]?.array ?? [] {
            if let name = volume["configMap"]?["name"]?.string { configMaps.insert(name) }
            if let name = volume["secret"]?["secretName"]?.string { secrets.insert(name) }
            for source in volume["projected"]?["sources"]?.array ?? [] {
                if let name = source["configMap"]?["name"]?.string { configMaps.insert(name) }
                if let name = source["secret"]?["name"]?.string { secrets.insert(name) }
            }
        }
        return (configMaps, secrets)
    }
}
