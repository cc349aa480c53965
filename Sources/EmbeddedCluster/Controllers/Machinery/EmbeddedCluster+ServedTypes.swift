public import KubernetesModel

extension EmbeddedCluster: ServedTypes {
    public func resourceTypes() async -> [ResourceType] { servedTypes }
}
