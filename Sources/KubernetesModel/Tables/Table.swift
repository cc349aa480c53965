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

    /// The version of the forms that clients get unless they ask for an older one.
    public static let version = "meta.k8s.io/v1"

    /// - Parameters:
    ///   - metadata: the list's `metadata`; of a single object its resource version.
    ///   - includesColumns: only the first event of a watch has them.
    ///   - apiVersion: of the table and its rows' metadata.
    ///   - now: seconds since 1970.
    public static func json(
        _ objects: [KubernetesObject], columns: TableColumns, metadata: JSON, inclusion: Inclusion = .metadata,
        includesColumns: Bool = true, apiVersion: String = version, now: Int
    ) -> JSON {
        [
            "kind": "Table", "apiVersion": .string(apiVersion), "metadata": metadata,
            "columnDefinitions": includesColumns ? .array(columns.columns.map(\.json)) : .null,
            "rows": .array(
                objects.map { object in
                    var row: JSON = ["cells": .array(columns.row(object, now))]
                    switch inclusion {
                    case .none: break
                    case .metadata: row["object"] = partial(object, apiVersion: apiVersion)
                    case .object: row["object"] = object.json
                    }
                    return row
                }),
        ]
    }

    /// An object's metadata alone (`meta.k8s.io/v1 PartialObjectMetadata`).
    public static func partial(_ object: KubernetesObject, apiVersion: String = version) -> JSON {
        [
            "kind": "PartialObjectMetadata", "apiVersion": .string(apiVersion),
            "metadata": object.json["metadata"] ?? .object(JSONObject()),
        ]
    }
}
