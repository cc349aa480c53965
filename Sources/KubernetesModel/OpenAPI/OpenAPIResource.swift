public import JSONTree

/// One resource of a group and version, as its OpenAPI document describes it.
public struct OpenAPIResource: Sendable {
    public var type: ResourceType
    /// Such as `status` and `scale`; each can be read, replaced and patched.
    public var subresources: [String]
    /// The schema of a custom resource's version; `nil` for built-in kinds.
    public var openAPIV3Schema: JSON?
    /// Whether objects can be made and changed; reviews can only be made.
    public var isOnlyCreated: Bool

    public init(
        _ type: ResourceType, subresources: [String] = [], openAPIV3Schema: JSON? = nil, isOnlyCreated: Bool = false
    ) {
        self.type = type
        self.subresources = subresources
        self.openAPIV3Schema = openAPIV3Schema
        self.isOnlyCreated = isOnlyCreated
    }

    /// The full name of the kind's definition; of a custom resource, its group reversed, version and kind.
    var definition: String {
        let key = "\(type.group)/\(type.version)/\(type.kind)"
        if openAPIV3Schema == nil, let known = SchemaRegistry.builtIn.definitionsOfKinds[key] { return known }
        let reversed = type.group.split(separator: ".").reversed().joined(separator: ".")
        return [reversed, type.version, type.kind].filter { !$0.isEmpty }.joined(separator: ".")
    }

    var isCustom: Bool { openAPIV3Schema != nil }

    /// `{"group": …, "version": …, "kind": …}`, as operations and definitions name their kind.
    var groupVersionKind: JSON {
        ["group": .string(type.group), "version": .string(type.version), "kind": .string(type.kind)]
    }
}
