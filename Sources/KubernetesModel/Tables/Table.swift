public import JSONTree

/// Objects as a table (`meta.k8s.io/v1 Table`), as `kubectl get` asks for them.
public enum Table {
    /// What comes with each row (`includeObject=`).
    public enum Inclusion: String, Sendable {
        case none = "None"
        /// The default.
        case metadata = "Metadata"
        case object = "Object"
    }

    /// - Parameters:
    ///   - metadata: the list's `metadata`; of a single object its resource version.
    ///   - includesColumns: only the first event of a watch has them.
    ///   - now: seconds since 1970.
    public static func json(
        _ objects: [KubernetesObject], columns: TableColumns, metadata: JSON, inclusion: Inclusion = .metadata,
        includesColumns: Bool = true, now: Int
    ) -> JSON {
        [
            "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "columnDefinitions": includesColumns ? .array(columns.columns.map(\.json)) : .null,
            "rows": .array(
                objects.map { object in
                    var row: JSON = ["cells": .array(columns.row(object, now))]
                    switch inclusion {
                    case .none: break
                    case .metadata: row["object"] = partial(object)
                    case .object: row["object"] = object.json
                    }
                    return row
                }),
        ]
    }

    /// An object's metadata alone (`meta.k8s.io/v1 PartialObjectMetadata`).
    public static func partial(_ object: KubernetesObject) -> JSON {
        [
            "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1",
            "metadata": object.json["metadata"] ?? .object(JSONObject()),
        ]
    }
}
