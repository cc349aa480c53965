import JSONTree
import KubernetesModel

/// One version of a custom resource, as its definition describes it.
struct CustomVersion: Sendable {
    /// A column of tables (`CustomResourceColumnDefinition`).
    struct Column: Sendable {
        let name: String
        let type: String
        let format: String
        let description: String
        let priority: Int
        let jsonPath: String
    }

    let definitionName: String
    let schema: Schema
    let columns: [Column]
    let isDeprecated: Bool
    let deprecationWarning: String

    init(definitionName: String, version: JSON) {
        self.definitionName = definitionName
        schema = Schema(openAPIV3Schema: version["schema", "openAPIV3Schema"] ?? .object(JSONObject()))
        columns = (version["additionalPrinterColumns"]?.array ?? []).map { column in
            Column(
                name: column["name"]?.string ?? "", type: column["type"]?.string ?? "string",
                format: column["format"]?.string ?? "", description: column["description"]?.string ?? "",
                priority: column["priority"]?.int ?? 0, jsonPath: column["jsonPath"]?.string ?? "")
        }
        isDeprecated = version["deprecated"]?.bool ?? false
        deprecationWarning = version["deprecationWarning"]?.string ?? ""
    }
}
