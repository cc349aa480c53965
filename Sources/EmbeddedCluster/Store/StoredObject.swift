import JSONTree
import KubernetesModel
import Synchronization

/// One version of one object: its bytes, encoded once, and its tree, which is parsed again where it was given up.
///
/// `metadata.managedFields` are in the bytes only: whoever reads trees has no use for them, and they would be half of a tree.
final class StoredObject: Sendable {
    /// Escapes may have made the text of what was once accepted longer than what a stranger may send.
    private static let limits = JSONLimits(bytes: .max)

    let resource: ResourceID
    let key: ObjectKey
    let revision: Int
    /// The object as JSON text, its `metadata.resourceVersion` included.
    let bytes: [UInt8]
    private let tree: Mutex<KubernetesObject?>
    /// Where the text of `metadata.managedFields` is within the bytes; `nil` where that is not known.
    private let managed: Range<Int>?

    init(
        resource: ResourceID, key: ObjectKey, revision: Int, bytes: [UInt8], managed: Range<Int>? = nil,
        object: KubernetesObject? = nil
    ) {
        self.resource = resource
        self.key = key
        self.revision = revision
        self.bytes = bytes
        self.managed = managed
        self.tree = Mutex(object)
    }

    var object: KubernetesObject {
        tree.withLock { tree in
            if let tree { return tree }
            // The bytes are our own encoding, checked when they were loaded: an empty object only after a broken disk.
            var parsed = KubernetesObject((try? JSON(parsing: bytes, limits: Self.limits)) ?? .object(JSONObject()))
            Self.strip(&parsed)
            tree = parsed
            return parsed
        }
    }

    private static func strip(_ object: inout KubernetesObject) {
        guard object.json["metadata"]?["managedFields"] != nil else { return }
        object.json["metadata", "managedFields"] = nil
    }

    /// The text of `metadata.managedFields`; empty where there are none.
    var managedFields: [UInt8] {
        if let managed { return managed.isEmpty ? [] : Array(bytes[managed]) }
        return (try? JSON(parsing: bytes, limits: Self.limits))?["metadata", "managedFields"]?.encoded() ?? []
    }

    /// The tree with `metadata.managedFields`, for answers that are made of it.
    var complete: KubernetesObject {
        var object = object
        if let fields = try? JSON(parsing: managedFields, limits: Self.limits) {
            object.json["metadata", "managedFields"] = fields
        }
        return object
    }

    /// Who owns the fields: nobody where it is not told, or not as it should be.
    var ownership: FieldOwnership {
        let text = managedFields
        guard !text.isEmpty, let json = try? JSON(parsing: text, limits: Self.limits) else { return FieldOwnership() }
        return FieldOwnership(managedFields: json) ?? FieldOwnership()
    }

    var reference: ObjectReference { ObjectReference(resource: resource, key: key) }

    /// Gives the tree up: for versions that only history keeps.
    func forgetTree() { tree.withLock { $0 = nil } }

    /// Parses the tree for good.
    func loadTree() throws(JSONError) {
        var parsed = KubernetesObject(try JSON(parsing: bytes, limits: Self.limits))
        Self.strip(&parsed)
        let shared = SharedParts.recent.shared(parsed)
        tree.withLock { $0 = shared }
    }
}
