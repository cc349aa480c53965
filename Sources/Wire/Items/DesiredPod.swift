public import JSONTree

/// A pod that the edge shall run for the origin.
public struct DesiredPod: Sendable, Hashable {
    /// The uid of the pod at the origin: another uid under the same key is another pod, the old one goes first.
    public var originUID: String
    /// The edge's namespace that it runs in; the desired set holds that namespace too.
    public var remoteNamespace: String
    /// The pod as the edge shall create it: `apiVersion`, `kind`, `metadata` with name, labels and annotations, and `spec`.
    public var object: JSON

    public init(originUID: String, remoteNamespace: String, object: JSON) {
        self.originUID = originUID
        self.remoteNamespace = remoteNamespace
        self.object = object
    }

    public init(fields: JSONFields) throws(JSONError) {
        originUID = try fields.string("originUID", limit: 128)
        remoteNamespace = try fields.string("remoteNamespace", limit: 253)
        object = .object(try fields.object("object").object)
    }

    public var json: JSON {
        ["originUID": .string(originUID), "remoteNamespace": .string(remoteNamespace), "object": object]
    }
}
