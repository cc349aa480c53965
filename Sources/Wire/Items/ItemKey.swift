/// The name of an item in the desired and the observed set: a kind and the object's names *at the origin*.
///
/// Written `Namespace/liqo-demo` and `Pod/liqo-demo/name`. The same key in both sets is about the same object; the names
/// that it has on the edge are in the item's content.
public struct ItemKey: Sendable, Hashable {
    public static let namespaceKind = "Namespace"
    public static let podKind = "Pod"
    /// The most bytes of a key's text: a kind of 63, a namespace of 63, a name of 253.
    public static let maximumLength = 384

    public let kind: String
    /// Empty for namespaces and other objects without one.
    public let namespace: String
    public let name: String

    public init(kind: String, namespace: String = "", name: String) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
    }

    public static func namespace(_ name: String) -> ItemKey { ItemKey(kind: namespaceKind, name: name) }

    public static func pod(_ namespace: String, _ name: String) -> ItemKey {
        ItemKey(kind: podKind, namespace: namespace, name: name)
    }

    /// Reads a key's text; `nil` for anything but two or three parts that are not empty.
    public init?(_ text: String) {
        guard text.utf8.count <= Self.maximumLength else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(where: \.isEmpty) else { return nil }
        switch parts.count {
        case 2: self.init(kind: String(parts[0]), name: String(parts[1]))
        case 3: self.init(kind: String(parts[0]), namespace: String(parts[1]), name: String(parts[2]))
        default: return nil
        }
    }

    public var text: String { namespace.isEmpty ? "\(kind)/\(name)" : "\(kind)/\(namespace)/\(name)" }
}

extension ItemKey: CustomStringConvertible {
    public var description: String { text }
}

extension ItemKey: Comparable {
    /// Namespaces come first, so that what lies in them finds them, and pods last, so that they find what they use; then by
    /// kind, namespace and name, bytewise.
    public static func < (left: ItemKey, right: ItemKey) -> Bool {
        if left.rank != right.rank { return left.rank < right.rank }
        if left.kind != right.kind { return left.kind.utf8.lexicographicallyPrecedes(right.kind.utf8) }
        if left.namespace != right.namespace {
            return left.namespace.utf8.lexicographicallyPrecedes(right.namespace.utf8)
        }
        return left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
    }

    private var rank: Int {
        switch kind {
        case Self.namespaceKind: 0
        case Self.podKind: 2
        default: 1
        }
    }
}
