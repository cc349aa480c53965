import JSONTree
public import KubernetesModel

/// The contents of the ConfigMaps and Secrets that a pod's environment refers to, by name; one that does not exist is absent.
public struct ReferencedValues: Sendable, Hashable {
    public var configMaps: [String: [String: String]]
    /// Values as text, already decoded from base64.
    public var secrets: [String: [String: String]]

    public init(configMaps: [String: [String: String]] = [:], secrets: [String: [String: String]] = [:]) {
        self.configMaps = configMaps
        self.secrets = secrets
    }

    /// The names that a pod's containers refer to.
    public static func names(in pod: KubernetesObject) -> (configMaps: Set<String>, secrets: Set<String>) {
        var configMaps = Set<String>()
        var secrets = Set<String>()
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
}
