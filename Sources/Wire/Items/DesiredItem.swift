public import JSONTree

/// An object that the edge shall have.
public struct DesiredItem: SetItem {
    public static var set: ItemSetName { .desired }

    public let key: ItemKey
    public let hash: String
    public let content: DesiredContent

    public init(key: ItemKey, hash: String, content: DesiredContent) {
        self.key = key
        self.hash = hash
        self.content = content
    }

    /// Whether the item must never be compressed together with others.
    public var isSecret: Bool { key.kind == "Secret" }
}

/// What the edge shall have.
public enum DesiredContent: ItemContent {
    case namespace(DesiredNamespace)
    case pod(DesiredPod)
    /// Any other kind: a ``DesiredObject`` where the agent knows it. One that does not know the kind reports it as refused.
    case other(JSON)

    /// An object of another kind than namespaces and pods.
    public static func object(_ object: DesiredObject) -> DesiredContent { .other(object.json) }

    public init(fields: JSONFields, kind: String) throws(JSONError) {
        switch kind {
        case ItemKey.namespaceKind: self = .namespace(try DesiredNamespace(fields: try fields.object("namespace")))
        case ItemKey.podKind: self = .pod(try DesiredPod(fields: try fields.object("pod")))
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

    public var namespace: DesiredNamespace? { if case .namespace(let value) = self { value } else { nil } }
    public var pod: DesiredPod? { if case .pod(let value) = self { value } else { nil } }
    /// `nil` also for what does not read as one.
    public var object: DesiredObject? {
        guard case .other(let json) = self, let fields = try? JSONFields(json) else { return nil }
        return try? DesiredObject(fields: fields)
    }
}
