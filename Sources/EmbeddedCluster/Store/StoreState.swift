import KubernetesModel

/// Everything that is durable, as of one revision.
struct StoreState: Sendable {
    private(set) var revision = 0
    private var collections: [ResourceID: ObjectCollection] = [:]
    /// Per owner's uid the objects that name it in `metadata.ownerReferences`.
    private var dependents: [String: Set<ObjectReference>] = [:]
    private let indexes: [ResourceID: [StoreIndex]]

    init(indexes: [ResourceID: [StoreIndex]]) { self.indexes = indexes }

    func object(_ reference: ObjectReference) -> StoredObject? { collections[reference.resource]?[reference.key] }

    func objects(_ resource: ResourceID, in namespace: String?) -> [StoredObject] {
        collections[resource]?.objects(in: namespace) ?? []
    }

    func objects(_ resource: ResourceID, in namespace: String?, where field: String, is value: String)
        -> [StoredObject]?
    {
        guard let collection = collections[resource] else { return indexes[resource] == nil ? nil : [] }
        return collection.objects(in: namespace, where: field, is: value)
    }

    func index(_ field: String, of resource: ResourceID) -> StoreIndex? {
        indexes[resource]?.first { $0.name == field }
    }

    func count(_ resource: ResourceID) -> Int { collections[resource]?.count ?? 0 }

    /// The resources that have objects, with how many.
    var counts: [ResourceID: Int] { collections.mapValues(\.count) }

    func objects(ownedBy uid: String) -> [StoredObject] { (dependents[uid] ?? []).compactMap(object) }

    mutating func apply(_ event: StoreEvent) {
        let resource = event.object.resource
        if let previous = event.previous { setOwners(of: previous, isThere: false) }
        switch event.kind {
        case .added, .modified:
            setOwners(of: event.object, isThere: true)
            collections[resource, default: ObjectCollection(indexedFields: indexes[resource] ?? [])].put(event.object)
        case .deleted:
            collections[resource]?.remove(event.object.key)
        }
        revision = max(revision, event.revision)
    }

    /// Moves the revision on where what it counted is gone.
    mutating func raise(to revision: Int) { self.revision = max(self.revision, revision) }

    private mutating func setOwners(of object: StoredObject, isThere: Bool) {
        for owner in object.object.ownerReferences {
            if isThere {
                dependents[owner.uid, default: []].insert(object.reference)
            } else {
                dependents[owner.uid]?.remove(object.reference)
                if dependents[owner.uid]?.isEmpty == true { dependents[owner.uid] = nil }
            }
        }
    }
}
