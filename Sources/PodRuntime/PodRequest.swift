public import KubernetesModel

/// A pod that shall run, with all that its specification refers to.
public struct PodRequest: Sendable {
    /// The Pod object, bound to a node.
    public var pod: KubernetesObject
    public var values: ReferencedValues

    public init(_ pod: KubernetesObject, values: ReferencedValues = ReferencedValues()) {
        self.pod = pod
        self.values = values
    }
}
