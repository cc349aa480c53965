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
    let text: ObjectText
    private let tree: Mutex<KubernetesObject?>
    /// Where `metadata.managedFields` are within the text; `nil` where that is not known.
    private let managed: Range<Int>?

    init(
        resource: ResourceID, key: ObjectKey, revision: Int, text: ObjectText, managed: Range<Int>? = nil,
        object: KubernetesObject? = nil
    ) {
        self.resource = resource
        self.key = key
        self.revision = revision
        self.text = text
        self.managed = managed
        self.tree = Mutex(object)
    }

    /// The text in one piece, put together for whoever asks.
    var bytes: [UInt8] { text.bytes }

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

    /// An object as the file has it.
    ///
    /// - Throws: `JSONError` where its text cannot be read.
    static func loaded(_ reference: ObjectReference, revision: Int, bytes: [UInt8]) throws(JSONError) -> StoredObject {
        var object = KubernetesObject(try JSON(parsing: bytes, limits: limits))
        let managed = FieldSetTexts.list(in: bytes).map { Array(bytes[$0]) } ?? []
        strip(&object)
        // Encoded anew, so that it shares what others have: the text is the same where it was encoded as it is today.
        let stored = PreparedObject(object, managed: managed).stored(reference, revision: revision)
        if stored.text.bytes == bytes { return stored }
        return StoredObject(
            resource: reference.resource, key: reference.key, revision: revision, text: ObjectText(bytes),
            object: object)
    }
}
