import KubernetesModel

/// The objects of one resource, ordered for lists, with the indexes that its fields were given.
struct ObjectCollection: Sendable {
    /// Per namespace (empty for cluster-scoped objects) the objects in the order of their names.
    private var namespaces: [String: [StoredObject]] = [:]
    private var sortedNamespaces: [String] = []
    /// Per indexed field and value the keys of the objects that have it.
    private var indexes: [String: [String: Set<ObjectKey>]] = [:]
    private let indexedFields: [StoreIndex]
    private(set) var count = 0

    init(indexedFields: [StoreIndex] = []) { self.indexedFields = indexedFields }

    private static func place(of name: String, in objects: [StoredObject]) -> (place: Int, isThere: Bool) {
        var low = 0
        var high = objects.count
        while low < high {
            let middle = (low + high) / 2
            if objects[middle].key.name < name { low = middle + 1 } else { high = middle }
        }
        return (low, low < objects.count && objects[low].key.name == name)
    }

    subscript(key: ObjectKey) -> StoredObject? {
        guard let objects = namespaces[key.namespace] else { return nil }
        let (place, isThere) = Self.place(of: key.name, in: objects)
        return isThere ? objects[place] : nil
    }

    mutating func put(_ object: StoredObject) {
        let namespace = object.key.namespace
        if namespaces[namespace] == nil {
            namespaces[namespace] = []
            let place = sortedNamespaces.firstIndex { $0 > namespace } ?? sortedNamespaces.count
            sortedNamespaces.insert(namespace, at: place)
        }
        let (place, isThere) = Self.place(of: object.key.name, in: namespaces[namespace] ?? [])
        if isThere {
            if let old = namespaces[namespace]?[place] { index(old, isThere: false) }
            namespaces[namespace]?[place] = object
        } else {
            namespaces[namespace]?.insert(object, at: place)
            count += 1
        }
        index(object, isThere: true)
    }

    mutating func remove(_ key: ObjectKey) {
        let (place, isThere) = Self.place(of: key.name, in: namespaces[key.namespace] ?? [])
        guard isThere, let old = namespaces[key.namespace]?.remove(at: place) else { return }
        count -= 1
        index(old, isThere: false)
        if namespaces[key.namespace]?.isEmpty == true {
            namespaces[key.namespace] = nil
            sortedNamespaces.removeAll { $0 == key.namespace }
        }
    }

    private mutating func index(_ object: StoredObject, isThere: Bool) {
        for field in indexedFields {
            guard let value = field.value(object.object) else { continue }
            if isThere {
                indexes[field.name, default: [:]][value, default: []].insert(object.key)
            } else {
                indexes[field.name]?[value]?.remove(object.key)
                if indexes[field.name]?[value]?.isEmpty == true { indexes[field.name]?[value] = nil }
            }
        }
    }

    /// All objects of a namespace, or of all, in order.
    func objects(in namespace: String?) -> [StoredObject] {
        if let namespace { return namespaces[namespace] ?? [] }
        if sortedNamespaces.count == 1, let only = sortedNamespaces.first { return namespaces[only] ?? [] }
        var all: [StoredObject] = []
        all.reserveCapacity(count)
        for name in sortedNamespaces { all.append(contentsOf: namespaces[name] ?? []) }
        return all
    }

    /// The objects whose indexed field has a value, in order; `nil` where the field has no index.
    func objects(in namespace: String?, where field: String, is value: String) -> [StoredObject]? {
        guard indexedFields.contains(where: { $0.name == field }) else { return nil }
        let keys = indexes[field]?[value] ?? []
        return keys.filter { namespace == nil || $0.namespace == namespace }.sorted().compactMap { self[$0] }
    }
}

/// A field by which a resource's objects are found without looking at all of them.
struct StoreIndex: Sendable {
    /// As field selectors name it, such as `spec.nodeName`.
    let name: String
    /// The field's value; `nil` keeps an object out of the index.
    let value: @Sendable (KubernetesObject) -> String?
}
