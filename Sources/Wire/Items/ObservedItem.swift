public import JSONTree

/// What has become of a desired item on the edge.
public struct ObservedItem: SetItem {
    public static var set: ItemSetName { .observed }

    public let key: ItemKey
    public let hash: String
    public let content: ObservedContent

    public init(key: ItemKey, hash: String, content: ObservedContent) {
        self.key = key
        self.hash = hash
        self.content = content
    }
}

/// What the edge reports.
public enum ObservedContent: ItemContent {
    case namespace(ObservedNamespace)
    case pod(ObservedPod)
    /// Any other kind: an ``ObservedObject``, also of a kind that the edge does not know.
    case other(JSON)

    /// What has become of an object of another kind than namespaces and pods.
    public static func object(_ object: ObservedObject) -> ObservedContent { .other(object.json) }

    public init(fields: JSONFields, kind: String) throws(JSONError) {
        switch kind {
        case ItemKey.namespaceKind: self = .namespace(try ObservedNamespace(fields: try fields.object("namespace")))
        case ItemKey.podKind: self = .pod(try ObservedPod(fields: try fields.object("pod")))
        default: self = .other(try fields.value("other"))
        }
    }

    public func write(into object: inout JSONObject) {
        switch self {
        case .namespace(let namespace): object["namespace"] = namespace.json
        case .pod(let pod): object["pod"] = pod.json
        case .other(let json): object["other"] = json
        }
    }

    public var namespace: ObservedNamespace? { if case .namespace(let value) = self { value } else { nil } }
    public var pod: ObservedPod? { if case .pod(let value) = self { value } else { nil } }
    /// `nil` also for what does not read as one.
    public var object: ObservedObject? {
        guard case .other(let json) = self, let fields = try? JSONFields(json) else { return nil }
        return try? ObservedObject(fields: fields)
    }
}
