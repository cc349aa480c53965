import JSONTree
import KubernetesModel

/// What a `CustomResourceDefinition` object makes the API serve.
enum CustomResources {
    /// Holds a definition until its objects are gone.
    static let cleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io"

    /// The resources of a definition whose names were accepted: one a served version.
    static func definitions(of object: KubernetesObject) -> [ResourceDefinition] {
        guard Conditions.isTrue("Established", in: object.status["conditions"]) else { return [] }
        let spec = object.spec
        let names = spec["names"] ?? .null
        guard let group = spec["group"]?.string, let plural = names["plural"]?.string,
            let kind = names["kind"]?.string
        else { return [] }
        return (spec["versions"]?.array ?? []).compactMap { version in
            guard version["served"]?.bool == true, let name = version["name"]?.string else { return nil }
            let type = ResourceType(
                group: group, version: name, plural: plural, kind: kind,
                isNamespaced: spec["scope"]?.string == "Namespaced")
            let hasStatus = version["subresources", "status"] != nil
            let scale = version["subresources", "scale"].map(scalePaths)
            return ResourceDefinition(
                type, singular: names["singular"]?.string, listKind: names["listKind"]?.string,
                shortNames: names["shortNames"]?.strings ?? [], categories: names["categories"]?.strings ?? [],
                subresources: (hasStatus ? [.status] : []) + (scale == nil ? [] : [.scale]), generation: .contents,
                selectableFields: selectableFields(version), hasOwnFieldLabels: true, scale: scale,
                strategy: ResourceStrategy(statusMetadata: []),
                custom: CustomVersion(definition: object, version: version))
        }
    }

    private static func scalePaths(_ scale: JSON) -> ResourceDefinition.ScalePaths {
        func path(_ key: String) -> [String]? { scale[key]?.string.map(members) }
        return ResourceDefinition.ScalePaths(
            specReplicas: path("specReplicasPath") ?? ["spec", "replicas"],
            statusReplicas: path("statusReplicasPath") ?? ["status", "replicas"],
            selector: path("labelSelectorPath"))
    }

    private static func members(_ path: String) -> [String] { path.split(separator: ".").map(String.init) }

    private static func selectableFields(_ version: JSON) -> [String: FieldSelector.Reader] {
        var fields: [String: FieldSelector.Reader] = [:]
        for field in version["selectableFields"]?.array ?? [] {
            guard let path = field["jsonPath"]?.string else { continue }
            let members = members(path)
            fields[members.joined(separator: ".")] = { object in
                object.json[members].map { $0.string ?? $0.text() } ?? ""
            }
        }
        return fields
    }

    // MARK: The definition objects themselves

    /// What the names controller of a real API server fills in, done at once: names that are free are accepted.
    static func accept(_ object: inout KubernetesObject, registry: ResourceRegistry, now: Int) {
        var status = object.status
        let spec = object.spec
        let taken = conflict(object, registry)
        var conditions = status["conditions"]
        Conditions.set(
            "NamesAccepted", status: taken == nil ? "True" : "False",
            reason: taken == nil ? "NoConflicts" : "NamesNotAccepted",
            message: taken ?? "no conflicts found", now: now, in: &conditions)
        let wasEstablished = Conditions.isTrue("Established", in: conditions)
        let isEstablished = taken == nil || wasEstablished
        Conditions.set(
            "Established", status: isEstablished ? "True" : "False",
            reason: isEstablished ? "InitialNamesAccepted" : "NotAccepted",
            message: isEstablished ? "the initial names have been accepted" : "not all names are accepted", now: now,
            in: &conditions)
        status["conditions"] = conditions
        if taken == nil { status["acceptedNames"] = spec["names"] }
        var stored = status["storedVersions"]?.strings ?? []
        for version in spec["versions"]?.array ?? [] where version["storage"]?.bool == true {
            if let name = version["name"]?.string, !stored.contains(name) { stored.append(name) }
        }
        status["storedVersions"] = JSON(stored)
        object.status = status
    }

    /// Which name another resource of the group has already; `nil` where none is.
    private static func conflict(_ object: KubernetesObject, _ registry: ResourceRegistry) -> String? {
        let names = object.spec["names"] ?? .null
        let plural = names["plural"]?.string ?? ""
        let kind = names["kind"]?.string ?? ""
        for other in registry.definitions where other.type.group == object.spec["group"]?.string ?? "" {
            guard other.custom?.definitionName != object.name else { continue }
            if other.type.plural == plural { return "\"\(plural)\" is already in use" }
            if other.type.kind == kind { return "\"\(kind)\" is already in use" }
        }
        return nil
    }

    /// Fills in what a definition may leave out (`apiextensions/v1` defaults).
    static func setDefaults(_ object: inout KubernetesObject) {
        guard let kind = object.spec["names", "kind"]?.string else { return }
        if object.spec["names", "singular"] == nil { object.spec["names", "singular"] = .string(kind.lowercased()) }
        if object.spec["names", "listKind"] == nil { object.spec["names", "listKind"] = .string(kind + "List") }
        if object.spec["conversion"] == nil { object.spec["conversion"] = ["strategy": "None"] }
    }
}
