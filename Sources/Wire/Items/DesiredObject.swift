public import JSONTree

/// An object that goes to the edge with the pods that use it, or with its namespace: a ConfigMap, a Secret, a Service, a
/// ServiceAccount. Its kind and its names at the origin are in the item's key.
public struct DesiredObject: Sendable, Hashable {
    /// The edge's namespace that it belongs into; the desired set holds that namespace too.
    public var remoteNamespace: String
    /// What the object shall have besides its metadata. Absent means that the hub cannot say now: what there is stays.
    public var fields: JSON?

    public init(remoteNamespace: String, fields: JSON?) {
        self.remoteNamespace = remoteNamespace
        self.fields = fields
    }

    public init(fields: JSONFields) throws(JSONError) {
        remoteNamespace = try fields.string("remoteNamespace", limit: 253)
        self.fields = try fields.optionalObject("fields").map { .object($0.object) }
    }

    public var json: JSON {
        var json: JSON = ["remoteNamespace": .string(remoteNamespace)]
        if let fields { json["fields"] = fields }
        return json
    }
}
