public import JSONTree

/// A folder of the pod that lives in memory: an `emptyDir` with medium `Memory`. Empty again when the supervisor was lost.
public struct MemoryVolume: Sendable, Hashable {
    /// An absolute path of the host; the folder is made if missing.
    public var path: String
    /// Bytes; `nil` for half of the machine's memory, the system's own limit.
    public var limit: Int?

    public init(path: String, limit: Int? = nil) {
        self.path = path
        self.limit = limit
    }

    public var json: JSON {
        var json: JSON = ["path": JSON(path)]
        if let limit { json["limit"] = JSON(limit) }
        return json
    }

    public init(_ fields: JSONFields) throws(JSONError) {
        path = try fields.string("path")
        limit = try fields.optionalInt("limit")
    }
}
