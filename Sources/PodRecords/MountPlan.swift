public import JSONTree

/// One place in a container's file system that shows something else than the machine's own files.
public struct MountPlan: Sendable, Hashable {
    /// What is shown, as an absolute path of the host. A missing one becomes an empty folder.
    public var source: String
    /// Where, as an absolute path in the container; made where it is missing, without touching the host's own folder.
    public var target: String
    public var isReadOnly: Bool

    public init(source: String, target: String, isReadOnly: Bool = false) {
        self.source = source
        self.target = target
        self.isReadOnly = isReadOnly
    }

    public var json: JSON {
        ["source": JSON(source), "target": JSON(target), "readOnly": JSON(isReadOnly)]
    }

    public init(_ fields: JSONFields) throws(JSONError) {
        source = try fields.string("source")
        target = try fields.string("target")
        for (key, path) in [("source", source), ("target", target)] where !path.hasPrefix("/") {
            throw fields.error(key, "is no absolute path")
        }
        isReadOnly = try fields.bool("readOnly")
    }
}
