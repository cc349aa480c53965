import JSONTree
public import KubernetesModel
public import Sessions

extension TokenRecord {
    /// The Secret that the record is kept as, in the cluster whose daemon takes the token.
    public var secret: KubernetesObject {
        KubernetesObject(
            .secrets, name: Names.tokenRecord(id), namespace: Names.systemNamespace,
            [
                "metadata": ["labels": [Names.tokenLabel: "true"]], "type": .string(Self.secretType),
                "data": secretData,
            ])
    }
}
