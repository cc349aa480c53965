public import JSONTree

/// A pod that the edge shall run for the origin.
public struct DesiredPod: Sendable, Hashable {
    /// The uid of the pod at the origin: another uid under the same key is another pod, the old one goes first.
    public var originUID: String
    /// The edge's namespace that it runs in; the desired set holds that namespace too.
    public var remoteNamespace: String
    /// The pod as the edge shall create it: `apiVersion`, `kind`, `metadata` with name, labels and annotations, and `spec`.
    public var object: JSON
    /// The pod is to end, within this many seconds; the edge reports it as gone when it has. Absent means that it is to run.
    public var deletionGracePeriodSeconds: Int?
    /// The pod has run to its end, as the origin knows: an edge that has lost it must not run it again. Absent means false.
    public var isFinished: Bool

    public init(
        originUID: String, remoteNamespace: String, object: JSON, deletionGracePeriodSeconds: Int? = nil,
        isFinished: Bool = false
    ) {
        self.originUID = originUID
        self.remoteNamespace = remoteNamespace
        self.object = object
        self.deletionGracePeriodSeconds = deletionGracePeriodSeconds
        self.isFinished = isFinished
    }

    public init(fields: JSONFields) throws(JSONError) {
        originUID = try fields.string("originUID", limit: 128)
        remoteNamespace = try fields.string("remoteNamespace", limit: 253)
        object = .object(try fields.object("object").object)
        deletionGracePeriodSeconds = try fields.optionalInt("deletionGracePeriodSeconds", in: 0...31_536_000)
        isFinished = try fields.optionalBool("finished") ?? false
    }

    public var json: JSON {
        var json: JSON = [
            "originUID": .string(originUID), "remoteNamespace": .string(remoteNamespace), "object": object,
        ]
        if let deletionGracePeriodSeconds { json["deletionGracePeriodSeconds"] = JSON(deletionGracePeriodSeconds) }
        if isFinished { json["finished"] = true }
        return json
    }
}
