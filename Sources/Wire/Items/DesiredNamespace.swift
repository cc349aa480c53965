public import JSONTree

/// A namespace that the edge shall have for the origin.
public struct DesiredNamespace: Sendable, Hashable {
    /// Its name at the origin.
    public var originName: String
    /// Its name on the edge. One that exists there and is not the origin's is never adopted.
    public var remoteName: String
    /// The mapping strategy that chose the name: `DefaultName`, `EnforceSameName` or `SelectedName`.
    public var mapping: String
    /// What the namespace shall be labelled with on the edge; absent means none.
    public var labels: [String: String]
    /// What the namespace shall be annotated with on the edge, such as its policies; absent means none.
    public var annotations: [String: String]

    public init(
        originName: String, remoteName: String, mapping: String, labels: [String: String] = [:],
        annotations: [String: String] = [:]
    ) {
        self.originName = originName
        self.remoteName = remoteName
        self.mapping = mapping
        self.labels = labels
        self.annotations = annotations
    }

    public init(fields: JSONFields) throws(JSONError) {
        originName = try fields.string("originName", limit: 253)
        remoteName = try fields.string("remoteName", limit: 253)
        mapping = try fields.string("mapping", limit: 63)
        labels = try fields.stringMap("labels")
        annotations = try fields.stringMap("annotations")
    }

    public var json: JSON {
        var json: JSON = [
            "originName": .string(originName), "remoteName": .string(remoteName), "mapping": .string(mapping),
        ]
        if !labels.isEmpty { json["labels"] = JSON(labels) }
        if !annotations.isEmpty { json["annotations"] = JSON(annotations) }
        return json
    }
}
