import ClusterAPI

/// What goes with every write besides the object.
struct WriteContext: Sendable {
    var user: UserIdentity
    var options: WriteOptions
    /// Paths of keys that came twice in the body.
    var duplicates: [String] = []
    /// The program that asks, as its `User-Agent` says; empty for the cluster's own parts.
    var userAgent = ""
    /// The subresource in `metadata.managedFields` where it is another than the one that is written, such as `scale`.
    var ownerSubresource: String?

    init(user: UserIdentity, options: WriteOptions = WriteOptions()) {
        self.user = user
        self.options = options
    }

    /// Who owns the fields that are written: the manager that the request names, or else its program.
    var fieldManager: String {
        if !options.fieldManager.isEmpty { return options.fieldManager }
        guard userAgent.isEmpty else {
            return String(userAgent.prefix { $0 != "/" }.prefix(128))
        }
        return user.name.hasPrefix("system:") ? String(user.name.dropFirst("system:".count)) : "unknown"
    }

    var isDryRun: Bool { options.isDryRun }
}

/// What a write came to.
struct WriteResult: Sendable {
    /// The object as it is now; after a dry run, as it would be.
    let object: StoredObject
    /// Sentences for the client's user (`Warning` headers).
    var warnings: [String] = []
    var isCreated = false
}

/// What a deletion came to.
enum DeletionResult: Sendable {
    /// The object is gone; its last version.
    case removed(StoredObject)
    /// The object is marked, and goes when nothing holds it any more.
    case marked(StoredObject)

    var object: StoredObject {
        switch self {
        case .removed(let object), .marked(let object): object
        }
    }
}
