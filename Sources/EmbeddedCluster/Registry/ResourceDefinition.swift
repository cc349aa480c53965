import JSONTree
import KubernetesModel

/// One resource as the API serves it: names for discovery, which verbs and subresources it has, and how its objects behave.
struct ResourceDefinition: Sendable {
    /// Which changes count as a new `metadata.generation`.
    enum GenerationRule: Sendable {
        case none
        /// A change of `spec`.
        case spec
        /// A change of anything but `metadata` and `status`.
        case contents
    }

    enum Subresource: String, Sendable, CaseIterable {
        case status, scale, binding, eviction, log, finalize, exec, attach, portforward, token, proxy
    }

    /// Where a scale subresource finds its numbers.
    struct ScalePaths: Sendable {
        var specReplicas: [String]
        var statusReplicas: [String]
        /// The pods' selector: a label selector object, or its text.
        var selector: [String]?
    }

    let type: ResourceType
    let singular: String
    let listKind: String
    let shortNames: [String]
    let categories: [String]
    let subresources: [Subresource]
    let generation: GenerationRule
    /// Field selectors besides `metadata.name` and `metadata.namespace`, with what they read.
    let selectableFields: [String: FieldSelector.Reader]
    /// Whether unknown fields are refused with the short words that core kinds and custom resources use.
    let hasOwnFieldLabels: Bool
    let scale: ScalePaths?
    /// Whether an update of an object that does not exist creates it.
    let createsOnUpdate: Bool
    /// Whether a deletion answers with the object rather than a `Status`.
    let returnsDeleted: Bool
    let strategy: ResourceStrategy
    /// Only for a resource that is another one in other words.
    let storedForm: StoredForm?
    /// Only for custom resources: the version's part of the definition object.
    let custom: CustomVersion?
    /// What the objects' fields are; `nil` for a kind without a schema, whose objects are taken as they come.
    let schema: Schema?

    init(
        _ type: ResourceType, singular: String? = nil, listKind: String? = nil, shortNames: [String] = [],
        categories: [String] = [], subresources: [Subresource] = [], generation: GenerationRule = .none,
        selectableFields: [String: FieldSelector.Reader] = [:], hasOwnFieldLabels: Bool = false,
        scale: ScalePaths? = nil, createsOnUpdate: Bool = false, returnsDeleted: Bool = false,
        strategy: ResourceStrategy = ResourceStrategy(), storedForm: StoredForm? = nil, custom: CustomVersion? = nil
    ) {
        self.type = type
        self.singular = singular ?? type.kind.lowercased()
        self.listKind = listKind ?? type.kind + "List"
        self.shortNames = shortNames
        self.categories = categories
        self.subresources = subresources
        self.generation = generation
        self.selectableFields = selectableFields
        self.hasOwnFieldLabels = hasOwnFieldLabels
        self.scale = scale
        self.createsOnUpdate = createsOnUpdate
        self.returnsDeleted = returnsDeleted
        self.strategy = strategy
        self.storedForm = storedForm
        self.custom = custom
        self.schema = custom?.schema ?? SchemaRegistry.builtIn.schema(for: type)
    }

    /// Under which name the objects are stored, whatever version they are served in.
    var storage: ResourceID { ResourceID(storedForm?.type ?? type) }

    /// The object as it is stored.
    func stored(_ object: KubernetesObject) -> KubernetesObject {
        storedForm.map { KubernetesObject($0.toStored(object.json)) } ?? object
    }

    /// How tables show the objects.
    var columns: TableColumns { custom?.columns ?? TableColumns.columns(for: type) }

    var hasStatus: Bool { subresources.contains(.status) }

    /// What kubectl may do with the resource itself, sorted, as discovery says it.
    var verbs: [String] {
        let all = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
        return type == .namespaces ? all.filter { $0 != "deletecollection" } : all
    }

    func reference(namespace: String?, name: String) -> ObjectReference {
        ObjectReference(
            resource: storage, key: ObjectKey(namespace: type.isNamespaced ? namespace ?? "" : "", name: name))
    }
}
