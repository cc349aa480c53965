import JSONTree
import KubernetesModel

/// One version of a custom resource, as its definition describes it.
struct CustomVersion: Sendable {
    let definitionName: String
    let schema: Schema
    /// The schema as the definition writes it.
    let openAPIV3Schema: JSON
    let columns: TableColumns
    let isDeprecated: Bool
    let deprecationWarning: String

    init(definitionName: String, version: JSON) {
        self.definitionName = definitionName
        openAPIV3Schema = version["schema", "openAPIV3Schema"] ?? .object(JSONObject())
        schema = Schema(openAPIV3Schema: openAPIV3Schema)
        columns = TableColumns(additionalPrinterColumns: version["additionalPrinterColumns"])
        isDeprecated = version["deprecated"]?.bool ?? false
        deprecationWarning = version["deprecationWarning"]?.string ?? ""
    }
}
