import KubernetesModel

/// All resources that are served at one moment: the built-in ones, and those of custom resource definitions.
struct ResourceRegistry: Sendable {
    private struct Path: Hashable {
        let group: String
        let version: String
        let plural: String
    }

    private var byPath: [Path: ResourceDefinition] = [:]
    /// All definitions: built-in ones in their order, then custom ones by name.
    private(set) var definitions: [ResourceDefinition] = []
    /// Counts the changes of what is served.
    private(set) var generation = 0

    init(_ definitions: [ResourceDefinition] = BuiltInResources.all) {
        for definition in definitions { add(definition) }
    }

    private mutating func add(_ definition: ResourceDefinition) {
        let path = Path(
            group: definition.type.group, version: definition.type.version, plural: definition.type.plural)
        guard byPath[path] == nil else { return }
        byPath[path] = definition
        definitions.append(definition)
    }

    /// What is served at a path; `nil` where nothing is.
    func definition(group: String, version: String, plural: String) -> ResourceDefinition? {
        byPath[Path(group: group, version: version, plural: plural)]
    }

    func definition(_ type: ResourceType) -> ResourceDefinition? {
        definition(group: type.group, version: type.version, plural: type.plural)
    }

    /// The groups in the order of discovery, each with its versions.
    var groups: [(name: String, versions: [String])] {
        var order: [String] = []
        var versions: [String: [String]] = [:]
        for type in definitions.map(\.type) {
            if versions[type.group] == nil { order.append(type.group) }
            if versions[type.group]?.contains(type.version) != true {
                versions[type.group, default: []].append(type.version)
            }
        }
        return order.map { ($0, versions[$0] ?? []) }
    }

    /// The definitions of one group and version, in the order of their plurals.
    func definitions(group: String, version: String) -> [ResourceDefinition] {
        definitions.filter { $0.type.group == group && $0.type.version == version }
            .sorted { $0.type.plural < $1.type.plural }
    }

    /// The built-in resources with those of the given definition objects.
    static func with(customResourceDefinitions objects: [KubernetesObject], generation: Int) -> ResourceRegistry {
        var registry = ResourceRegistry()
        registry.generation = generation
        for object in objects.sorted(by: { $0.name < $1.name }) {
            for definition in CustomResources.definitions(of: object) { registry.add(definition) }
        }
        return registry
    }
}
