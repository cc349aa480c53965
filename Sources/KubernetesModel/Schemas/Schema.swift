import JSONTree
import Synchronization

/// What one value of an object may be: a node of a built-in kind's definition, or of a custom resource's structural schema.
///
/// Immutable and shared. A node that refers to a definition of `SchemaRegistry.builtIn` finds it when it is first asked; all
/// properties here answer for the definition, except those about lists and patches, which belong to the place of use.
public final class Schema: Sendable {
    public enum Kind: String, Sendable {
        case object, array, string, integer, number, boolean
        /// A whole number, or a string such as `25%`.
        case intOrString
        /// A `resource.Quantity`: a number or a string such as `500m`.
        case quantity
        /// Anything at all.
        case any
    }

    /// How two writers' elements of a list come together (`x-kubernetes-list-type`).
    public enum ListType: Sendable, Hashable {
        case atomic
        case set
        /// Elements are told apart by these members.
        case map(keys: [String])
    }

    /// The definition's full name, such as `io.k8s.api.core.v1.PodSpec`; empty for a node that is written in place.
    public let definition: String
    let reference: String?
    private let own: SchemaBody
    /// The definition that `reference` leads to, once it was asked for. The registry keeps definitions for good, so this need
    /// not count as a reference, and reading it, which every look at a value does, is a plain load.
    private let found = Atomic<Unmanaged<Schema>?>(nil)
    /// What the tables by definition say about values of this one.
    let knowledge: DefinitionKnowledge

    /// The type of a list, and the keys of its elements.
    public let listType: ListType
    /// The member by which a strategic merge patch finds elements; `nil` where the list is replaced.
    public let mergeKey: String?
    /// Of `merge`, `replace` and `retainKeys`.
    public let patchStrategies: [String]
    /// Whether an object is replaced as a whole by server-side apply (`x-kubernetes-map-type: atomic`).
    public let isAtomicMap: Bool

    init(_ body: SchemaBody, definition: String = "", reference: String? = nil, placement: SchemaPlacement) {
        self.own = body
        self.definition = definition
        self.knowledge = DefinitionKnowledge(definition)
        self.reference = reference
        self.listType = placement.listType
        self.mergeKey = placement.mergeKey
        self.patchStrategies = placement.patchStrategies
        self.isAtomicMap = placement.isAtomicMap
    }

    /// The definition that a reference leads to; the node itself where it is none.
    public var target: Schema {
        guard let reference else { return self }
        if let known = found.load(ordering: .acquiring) { return known.takeUnretainedValue() }
        guard let definition = SchemaRegistry.builtIn.definition(reference) else { return self }
        found.store(Unmanaged.passUnretained(definition), ordering: .releasing)
        return definition
    }

    /// The node that says what the value is.
    private var body: Schema { reference == nil ? self : target }

    public var kind: Kind { body.own.kind }
    /// Such as `int32`, `date-time` or `byte`; empty where there is none.
    public var format: String { body.own.format }
    /// The members of an object that are known by name.
    public var properties: [String: Schema] { body.own.properties }
    /// Members that must be there, in the schema's order.
    public var required: [String] { body.own.required }
    /// The elements of a list.
    public var items: Schema? { body.own.items }
    /// The values of an object that is a map.
    public var additional: Schema? { body.own.additional }
    /// Members whose zero value means the same as their absence and is left out of answers.
    public var zeroIsAbsent: Set<String> { body.own.zeroIsAbsent }
    /// Whether this is a node of a custom resource's schema.
    var isStructural: Bool { body.own.isStructural }
    /// Whether the node, or one below it, has rules of its own (`x-kubernetes-validations`).
    var hasExpressions: Bool { body.own.hasExpressions }
    /// Only of custom resources: what values are allowed.
    public var rules: SchemaRules? { body.own.rules }

    /// The last part of the definition's name, as Go's messages call the type: `PodSpec`.
    public var typeName: String {
        let name = target.definition
        return name.lastIndex(of: ".").map { String(name[name.index(after: $0)...]) } ?? name
    }

    /// The node of a member: by name, or as a map's value.
    public func member(_ key: String) -> Schema? { body.own.properties[key] ?? body.own.additional }
}

/// What a node says about the value itself.
struct SchemaBody: Sendable {
    var kind: Schema.Kind = .any
    var format = ""
    var properties: [String: Schema] = [:]
    var required: [String] = []
    var items: Schema?
    var additional: Schema?
    var zeroIsAbsent: Set<String> = []
    var rules: SchemaRules? { didSet { isStructural = rules != nil } }
    private(set) var isStructural = false
    var hasExpressions = false
}

/// What a node says about its place: how lists and maps are merged.
struct SchemaPlacement: Sendable {
    var listType: Schema.ListType = .atomic
    var mergeKey: String?
    var patchStrategies: [String] = []
    var isAtomicMap = false

    init() {}

    init(_ node: JSONObject) {
        switch node["x-kubernetes-list-type"]?.string {
        case "set": listType = .set
        case "map": listType = .map(keys: node["x-kubernetes-list-map-keys"]?.strings ?? [])
        default: listType = .atomic
        }
        mergeKey = node["x-kubernetes-patch-merge-key"]?.string
        patchStrategies =
            node["x-kubernetes-patch-strategy"]?.string?.split(separator: ",").map(String.init) ?? []
        isAtomicMap = node["x-kubernetes-map-type"]?.string == "atomic"
    }
}
