import ClusterAPI
import KubernetesModel

/// Who owns whom, by uid, and what follows from it: pure; the collector performs the decisions.
struct GarbageGraph: Sendable {
    /// The finalizers by which a deletion asks for its dependents to be dealt with first.
    static let foreground = "foregroundDeletion"
    static let orphan = "orphan"

    struct Node: Sendable {
        let type: ResourceType
        let key: ObjectKey
        let uid: String
        let resourceVersion: String
        let owners: [OwnerReference]
        let isBeingDeleted: Bool
        let isForeground: Bool
        let isOrphaning: Bool

        init(_ object: KubernetesObject, _ type: ResourceType) {
            self.type = type
            key = object.key
            uid = object.uid
            resourceVersion = object.resourceVersion
            owners = object.ownerReferences
            isBeingDeleted = object.isBeingDeleted
            let finalizers = object.finalizers
            isForeground = finalizers.contains(GarbageGraph.foreground)
            isOrphaning = finalizers.contains(GarbageGraph.orphan)
        }

        /// Whether the object stays until its dependents are gone.
        var awaitsDependents: Bool { isBeingDeleted && isForeground }
    }

    enum Decision: Sendable {
        case nothing
        /// Owners that the graph does not know: the cluster itself must say whether they exist.
        case verify([OwnerReference])
        /// Ends the ownership by these owners, which are gone or going, because others hold the object.
        case release(Node, owners: Set<String>)
        case delete(Node, DeleteOptions.Propagation)
        /// Takes the owner off these dependents, then the orphan finalizer off the owner.
        case orphan(Node, dependents: [Node])
        /// All dependents that block are gone: takes the foreground finalizer off.
        case finishForeground(Node)
        case lookAt([String])
    }

    private var nodes: [String: Node] = [:]
    private var dependents: [String: Set<String>] = [:]

    subscript(uid: String) -> Node? { nodes[uid] }

    // MARK: - Changes

    /// Takes a change in.
    ///
    /// - Returns: the uids to decide on anew.
    mutating func apply(_ change: InformerChange, _ type: ResourceType) -> [String] {
        var affected: [String] = []
        // A name may have gone to a new object between two looks: that is a removal and an arrival.
        if let old = change.old, change.new?.uid != old.uid { affected += remove(old.uid, type) }
        guard let new = change.new else { return affected }
        let node = Node(new, type)
        let before = nodes.updateValue(node, forKey: node.uid)
        for owner in before?.owners ?? [] where !node.owners.contains(where: { $0.uid == owner.uid }) {
            unlink(node.uid, from: owner.uid)
            affected.append(owner.uid)
        }
        for owner in node.owners { dependents[owner.uid, default: []].insert(node.uid) }
        if !node.owners.isEmpty || node.awaitsDependents || node.isBeingDeleted && node.isOrphaning {
            affected.append(node.uid)
        }
        if node.awaitsDependents, before?.awaitsDependents != true { affected += dependents[node.uid] ?? [] }
        // An owner that waits in the foreground waits no longer for an object that stopped blocking it.
        affected += node.owners.map(\.uid).filter { nodes[$0]?.awaitsDependents == true }
        return affected
    }

    private mutating func remove(_ uid: String, _ type: ResourceType) -> [String] {
        guard let node = nodes[uid], node.type == type else { return Array(dependents[uid] ?? []) }
        nodes[uid] = nil
        for owner in node.owners { unlink(uid, from: owner.uid) }
        return Array(dependents[uid] ?? []) + node.owners.map(\.uid).filter { nodes[$0]?.awaitsDependents == true }
    }

    private mutating func unlink(_ uid: String, from owner: String) {
        dependents[owner]?.remove(uid)
        if dependents[owner]?.isEmpty == true { dependents[owner] = nil }
    }

    /// Forgets the objects of a type that is served no longer.
    mutating func drop(_ type: ResourceType) -> [String] {
        nodes.values.filter { $0.type == type }.flatMap { remove($0.uid, type) }
    }

    // MARK: - Decisions

    /// - Parameters:
    ///   - absent: the owners that are known to be gone.
    ///   - present: uids that the cluster has just been seen to have, though the graph has not.
    func decide(_ uid: String, absent: AbsentOwners, present: Set<String> = []) -> Decision {
        guard let node = nodes[uid] else { return .nothing }
        // Asked for only where it matters: a ReplicaSet has thousands, and changes with each of them.
        func own() -> [Node] { (dependents[uid] ?? []).compactMap { nodes[$0] } }
        if node.isBeingDeleted, node.isOrphaning { return .orphan(node, dependents: own()) }
        if node.awaitsDependents { return foreground(node, own()) }
        guard !node.isBeingDeleted, !node.owners.isEmpty else { return .nothing }
        var unknown: [OwnerReference] = []
        var gone: Set<String> = []
        var waiting: Set<String> = []
        var holds = false
        for owner in node.owners {
            if let known = nodes[owner.uid] {
                if !isOwner(known, owner, of: node) {
                    gone.insert(owner.uid)
                } else if known.awaitsDependents {
                    waiting.insert(owner.uid)
                } else {
                    holds = true
                }
            } else if absent.contains(owner, namespace: node.key.namespace) {
                gone.insert(owner.uid)
            } else if present.contains(owner.uid) {
                holds = true
            } else {
                unknown.append(owner)
            }
        }
        guard unknown.isEmpty else { return .verify(unknown) }
        if holds {
            let ended = gone.union(waiting)
            return ended.isEmpty ? .nothing : .release(node, owners: ended)
        }
        if !waiting.isEmpty, dependents[uid]?.contains(where: { nodes[$0] != nil }) == true {
            return .delete(node, .foreground)
        }
        return .delete(node, node.isOrphaning ? .orphan : node.isForeground ? .foreground : .background)
    }

    private func foreground(_ node: Node, _ own: [Node]) -> Decision {
        let blocking = own.filter { dependent in
            dependent.owners.contains { $0.uid == node.uid && $0.blockOwnerDeletion } && !awaits(dependent, node)
        }
        if blocking.isEmpty { return .finishForeground(node) }
        let waiting = blocking.filter { !$0.isBeingDeleted }
        return waiting.isEmpty ? .nothing : .lookAt(waiting.map(\.uid))
    }

    /// Whether an object waits, itself or through others that do, for `goal` to go: then `goal` must not wait for it, or a
    /// circle of owners would never end.
    private func awaits(_ node: Node, _ goal: Node) -> Bool {
        guard node.awaitsDependents else { return false }
        var seen: Set<String> = []
        var open = [node.uid]
        while let uid = open.popLast() {
            for dependent in dependents[uid] ?? [] {
                if dependent == goal.uid { return true }
                guard nodes[dependent]?.awaitsDependents == true, seen.insert(dependent).inserted else { continue }
                open.append(dependent)
            }
        }
        return false
    }

    /// Whether a reference means the object of that uid: the kind must fit, and owners in another namespace do not count.
    private func isOwner(_ owner: Node, _ reference: OwnerReference, of node: Node) -> Bool {
        owner.type.kind == reference.kind && owner.key.name == reference.name
            && (!owner.type.isNamespaced || owner.key.namespace == node.key.namespace)
    }
}
