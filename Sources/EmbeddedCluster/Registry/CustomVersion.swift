import JSONTree
import KubernetesModel

/// One version of a custom resource, as its definition describes it.
struct CustomVersion: Sendable {
    let definitionName: String
    let schema: Schema
    let columns: TableColumns
    let isDeprecated: Bool
    let deprecationWarning: String

    init(definitionName: String, version: JSON) {
        self.definitionName = definitionName
        schema = Schema(openAPIV3Schema: version["schema", "openAPIV3Schema"] ?? .object(JSONObject()))
        columns = TableColumns(additionalPrinterColumns: version["additionalPrinterColumns"])
        isDeprecated = version["deprecated"]?.bool ?? false
        deprecationWarning = version["deprecationWarning"]?.string ?? ""
    }
}
