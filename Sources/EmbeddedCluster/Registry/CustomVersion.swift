import JSONTree
import KubernetesModel

/// One version of a custom resource, as its definition describes it.
struct CustomVersion: Sendable {
    let definitionName: String
    /// The revision at which the definition came to be as it is.
    let definitionRevision: Int
    let schema: Schema
    /// The schema as the definition writes it.
    let openAPIV3Schema: JSON
    let columns: TableColumns
    /// The version in which Kubernetes would store the resource.
    let storageVersion: String
    let isDeprecated: Bool
    let deprecationWarning: String

    init(definition: KubernetesObject, version: JSON) {
        definitionName = definition.name
        definitionRevision = Int(definition.resourceVersion) ?? 0
        openAPIV3Schema = version["schema", "openAPIV3Schema"] ?? .object(JSONObject())
        schema = Schema(openAPIV3Schema: openAPIV3Schema)
        columns = TableColumns(additionalPrinterColumns: version["additionalPrinterColumns"])
        storageVersion =
            (definition.spec["versions"]?.array ?? []).first { $0["storage"] == true }?["name"]?.string ?? ""
        isDeprecated = version["deprecated"]?.bool ?? false
        deprecationWarning = version["deprecationWarning"]?.string ?? ""
    }
}
