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
    /// What everybody is told who uses a version that is to go; `nil` for others.
    let deprecationWarning: String?

    init(definition: KubernetesObject, version: JSON) {
        definitionName = definition.name
        definitionRevision = Int(definition.resourceVersion) ?? 0
        openAPIV3Schema = version["schema", "openAPIV3Schema"] ?? .object(JSONObject())
        schema = Schema(openAPIV3Schema: openAPIV3Schema)
        columns = TableColumns(additionalPrinterColumns: version["additionalPrinterColumns"])
        storageVersion =
            (definition.spec["versions"]?.array ?? []).first { $0["storage"] == true }?["name"]?.string ?? ""
        let type = "\(definition.spec["group"]?.string ?? "")/\(version["name"]?.string ?? "")"
        let usual = "\(type) \(definition.spec["names", "kind"]?.string ?? "") is deprecated"
        deprecationWarning = version["deprecated"] == true ? version["deprecationWarning"]?.string ?? usual : nil
    }
}
