import JSONTree
import KubernetesModel
import Synchronization

/// One version of one object: its bytes, encoded once, and its tree, which is parsed again where it was given up.
final class StoredObject: Sendable {
    let resource: ResourceID
    let key: ObjectKey
    let revision: Int
    /// The object as JSON text, its `metadata.resourceVersion` included.
    let bytes: [UInt8]
    private let tree: Mutex<KubernetesObject?>

    init(resource: ResourceID, key: ObjectKey, revision: Int, bytes: [UInt8], object: KubernetesObject? = nil) {
        self.resource = resource
        self.key = key
        self.revision = revision
        self.bytes = bytes
        self.tree = Mutex(object)
    }

    var object: KubernetesObject {
        tree.withLock { tree in
            if let tree { return tree }
            // The bytes are our own encoding, checked when they were loaded: an empty object only after a broken disk.
            let parsed = KubernetesObject((try? JSON(parsing: bytes)) ?? .object(JSONObject()))
            tree = parsed
            return parsed
        }
    }

    var reference: ObjectReference { ObjectReference(resource: resource, key: key) }

    /// Gives the tree up: for versions that only history keeps.
    func forgetTree() { tree.withLock { $0 = nil } }

    /// Parses the tree for good.
    func loadTree() throws(JSONError) {
        let parsed = KubernetesObject(try JSON(parsing: bytes))
        tree.withLock { $0 = parsed }
    }
}
