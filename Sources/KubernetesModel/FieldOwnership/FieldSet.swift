/// A set of paths within an object: the fields that a manager owns.
///
/// A tree whose branches are named by the path elements of the `FieldsV1` format: `f:replicas` for a member,
/// `k:{"name":"web"}` for an element of a list that has keys, `v:"a"` for an element of a set, `i:0` for any other element.
/// No branch is empty, so two sets of the same paths are equal.
public struct FieldSet: Sendable, Hashable {
    /// Whether the place itself is in the set, besides what lies below it.
    public internal(set) var isMember: Bool
    var children = FieldBranches()

    public init() { isMember = false }

    init(isMember: Bool) { self.isMember = isMember }

    public var isEmpty: Bool { !isMember && children.isEmpty }

    /// Whether the path of these elements is in the set.
    public func contains(_ path: [String]) -> Bool {
        var node = self
        for element in path {
            guard let next = node.children[element] else { return false }
            node = next
        }
        return node.isMember
    }

    /// Stores a branch, or nothing where it is empty.
    mutating func set(_ element: String, _ child: FieldSet) {
        if !child.isEmpty { children[element] = child }
    }

    mutating func formUnion(_ other: FieldSet) {
        if other.isMember { isMember = true }
        children.formUnion(other.children)
    }

    /// Takes out exactly the other's paths: what lies below one of them stays.
    mutating func subtract(_ other: FieldSet) {
        if other.isMember { isMember = false }
        if !children.isEmpty, !other.children.isEmpty { children.subtract(other.children) }
    }

    func intersection(_ other: FieldSet) -> FieldSet {
        var result = FieldSet(isMember: isMember && other.isMember)
        result.children = children.intersection(other.children)
        return result
    }

    func subtracting(_ other: FieldSet) -> FieldSet {
        var result = self
        result.subtract(other)
        return result
    }

    /// All paths, sorted, as messages write them: `.spec.containers[name="web"].image`.
    public var pathTexts: [String] {
        var result: [String] = []
        collect("", &result)
        return result
    }

    private func collect(_ prefix: String, _ result: inout [String]) {
        if isMember { result.append(prefix) }
        for branch in children.list { branch.set.collect(prefix + FieldElement.pathText(branch.element), &result) }
    }
}

extension FieldSet {
    /// What is no manager's: the object's identity and what only the server sets.
    private static let unowned = [
        "f:name", "f:namespace", "f:creationTimestamp", "f:selfLink", "f:uid", "f:clusterName", "f:generation",
        "f:managedFields", "f:resourceVersion",
    ]

    /// Takes the fields of a whole object out that no manager owns.
    mutating func stripIdentity() {
        children["f:apiVersion"] = nil
        children["f:kind"] = nil
        guard var metadata = children["f:metadata"] else { return }
        metadata.isMember = false
        for field in Self.unowned { metadata.children[field] = nil }
        children["f:metadata"] = metadata.isEmpty ? nil : metadata
    }
}
