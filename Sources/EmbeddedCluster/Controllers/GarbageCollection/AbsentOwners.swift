import KubernetesModel

/// The owners that are known to be gone; bounded, oldest forgotten first. Uids never come back.
struct AbsentOwners: Sendable {
    private enum Entry: Hashable {
        /// Seen going: gone whoever names it, and however.
        case uid(String)
        /// Looked for in vain: gone for this namespace and by this description only, which may be a wrong one.
        case reference(OwnerReference, namespace: String)
    }

    private var entries: Set<Entry> = []
    private var order: [Entry] = []
    private let limit: Int

    /// - Parameter limit: how many are remembered; one that is forgotten costs a question to the cluster.
    init(limit: Int = 10_000) { self.limit = limit }

    mutating func insert(uid: String) { insert(.uid(uid)) }

    mutating func insert(_ owner: OwnerReference, namespace: String) {
        insert(.reference(Self.identity(owner), namespace: namespace))
    }

    func contains(_ owner: OwnerReference, namespace: String) -> Bool {
        entries.contains(.uid(owner.uid)) || entries.contains(.reference(Self.identity(owner), namespace: namespace))
    }

    /// The reference without what says nothing about which object it means.
    private static func identity(_ owner: OwnerReference) -> OwnerReference {
        OwnerReference(apiVersion: owner.apiVersion, kind: owner.kind, name: owner.name, uid: owner.uid)
    }

    private mutating func insert(_ entry: Entry) {
        guard entries.insert(entry).inserted else { return }
        order.append(entry)
        guard order.count > limit else { return }
        for old in order.prefix(limit / 2) { entries.remove(old) }
        order.removeFirst(limit / 2)
    }
}
