public import JSONTree

/// One Kubernetes object: its JSON, whole, with the metadata that every object has at hand.
///
/// Fields this code does not know survive: nothing is decoded that is not asked for. Getters never fail; what is absent or
/// of the wrong type reads as its zero value, as Kubernetes' own types do.
public struct KubernetesObject: Sendable, Hashable {
    public var json: JSON

    public init(_ json: JSON) { self.json = json }

    /// A new object with its type, name and namespace.
    public init(_ type: ResourceType, name: String, namespace: String? = nil, _ fields: JSON = .object(JSONObject())) {
        var json: JSON = ["apiVersion": .string(type.apiVersion), "kind": .string(type.kind)]
        var metadata: JSON = ["name": .string(name)]
        if let namespace { metadata["namespace"] = .string(namespace) }
        json["metadata"] = metadata
        if case .object(let members) = fields {
            for (key, value) in members {
                if key == "metadata" { json["metadata"]?.merge(value) } else { json[key] = value }
            }
        }
        self.json = json
    }

    public var apiVersion: String { json["apiVersion"]?.string ?? "" }
    public var kind: String { json["kind"]?.string ?? "" }

    private func meta(_ key: String) -> String { json["metadata"]?[key]?.string ?? "" }

    public var name: String { meta("name") }
    /// Empty for cluster-scoped objects.
    public var namespace: String { meta("namespace") }
    public var uid: String { meta("uid") }
    /// Opaque; compare for equality only.
    public var resourceVersion: String { meta("resourceVersion") }
    public var generation: Int { json["metadata"]?["generation"]?.int ?? 0 }
    /// RFC 3339 in UTC; empty before the object was stored.
    public var creationTimestamp: String { meta("creationTimestamp") }
    public var deletionTimestamp: String? { json["metadata"]?["deletionTimestamp"]?.string }
    public var isBeingDeleted: Bool { deletionTimestamp != nil }
    public var deletionGracePeriodSeconds: Int? { json["metadata"]?["deletionGracePeriodSeconds"]?.int }

    public var labels: [String: String] {
        get { json["metadata"]?["labels"]?.stringMap ?? [:] }
        set { setMap("labels", newValue) }
    }

    public var annotations: [String: String] {
        get { json["metadata"]?["annotations"]?.stringMap ?? [:] }
        set { setMap("annotations", newValue) }
    }

    public func label(_ key: String) -> String? { json["metadata"]?["labels"]?[key]?.string }
    public func annotation(_ key: String) -> String? { json["metadata"]?["annotations"]?[key]?.string }

    private mutating func setMap(_ key: String, _ map: [String: String]) {
        json["metadata", key] = map.isEmpty ? nil : JSON(map)
    }

    public var finalizers: [String] {
        get { json["metadata"]?["finalizers"]?.strings ?? [] }
        set { json["metadata", "finalizers"] = newValue.isEmpty ? nil : JSON(newValue) }
    }

    public var ownerReferences: [OwnerReference] {
        get { (json["metadata"]?["ownerReferences"]?.array ?? []).compactMap(OwnerReference.init) }
        set { json["metadata", "ownerReferences"] = newValue.isEmpty ? nil : .array(newValue.map(\.json)) }
    }

    /// The owner that manages the object, where it has one.
    public var controller: OwnerReference? { ownerReferences.first { $0.isController } }

    public var spec: JSON {
        get { json["spec"] ?? .object(JSONObject()) }
        set { json["spec"] = newValue }
    }

    public var status: JSON {
        get { json["status"] ?? .object(JSONObject()) }
        set { json["status"] = newValue }
    }

    /// Namespace and name.
    public var key: ObjectKey { ObjectKey(namespace: namespace, name: name) }
}

/// The name of an object within its resource type.
public struct ObjectKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Empty for cluster-scoped objects.
    public let namespace: String
    public let name: String

    public init(namespace: String = "", name: String) {
        self.namespace = namespace
        self.name = name
    }

    public var description: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

    /// The order of lists: by namespace, then by name, bytewise.
    public static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        left.namespace == right.namespace
            ? left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
            : left.namespace.utf8.lexicographicallyPrecedes(right.namespace.utf8)
    }
}
