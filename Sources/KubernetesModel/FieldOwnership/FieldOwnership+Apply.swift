public import JSONTree

extension FieldOwnership {
    /// The manager under which fields go that were there before anybody was tracked.
    static let earlierManager = "before-first-apply"
    /// The annotation in which `kubectl apply` without `--server-side` keeps what it applied.
    static let lastApplied = "kubectl.kubernetes.io/last-applied-configuration"
    /// The manager as which `kubectl apply --server-side` applies, unless told otherwise.
    static let kubectl = "kubectl"

    /// Applies a configuration: its fields become the applier's, and fields that it applied before and that nobody owns now go.
    ///
    /// What `kubectl` applied on its own before, as its annotation says, is no conflict for it.
    ///
    /// - Parameters:
    ///   - applied: the configuration, whole and unpadded.
    ///   - live: the object that is there; only its type for one that is not.
    ///   - author: who applies, in which version, through which subresource, and when; its fields do not matter.
    ///   - force: takes fields over that others own with another value.
    /// - Returns: the object as it is then, before defaults.
    /// - Throws: 409 with all conflicts; 500 where the configuration does not fit the schema.
    public mutating func apply(
        _ applied: JSON, to live: JSON, _ schema: Schema?, by author: FieldManagerEntry, force: Bool
    ) throws(APIError) -> JSON {
        if let problem = AppliedConfiguration.problem(applied, schema) { throw problem }
        if isEmpty, live["metadata"] != nil {
            var earlier = author
            earlier.manager = Self.earlierManager
            earlier.operation = .update
            update(from: .object(JSONObject()), to: live, schema, by: earlier)
        }
        var (object, conflicts) = merge(applied, live, schema, author, force: force)
        if author.manager == Self.kubectl, !conflicts.isEmpty {
            let allowed = Self.allowedByLastApplied(live, schema)
            let rest = conflicts.removing(allowed)
            guard rest.isEmpty else { throw rest.error }
            (object, conflicts) = merge(applied, live, schema, author, force: true)
        }
        guard conflicts.isEmpty else { throw conflicts.error }
        if author.manager == Self.kubectl, live["metadata", "annotations", Self.lastApplied] != nil {
            object["metadata", "annotations", Self.lastApplied] = .string(AppliedConfiguration.text(applied))
        }
        return object
    }

    /// Changes nothing where it finds conflicts.
    private mutating func merge(
        _ applied: JSON, _ live: JSON, _ schema: Schema?, _ author: FieldManagerEntry, force: Bool
    ) -> (JSON, FieldConflicts) {
        let last = place(of: author).map { entries[$0] }
        var own = author
        own.fields = FieldSet(applied: applied, schema)
        var next = self
        next.replace(own)
        var object = AppliedMerge.merged(live, applied, schema)
        if let last {
            var kept = FieldSet()
            for entry in next.entries { kept.formUnion(entry.fields) }
            var gone = last.fields.withNamedParents(schema)
            gone.subtract(kept.withNamedParents(schema))
            // The identity stays, whoever speaks of the labels beside it.
            gone.children["f:metadata"]?.isMember = false
            object = AppliedMerge.removing(gone, from: object, schema) ?? object
            // What became empty went, but what is applied as empty stays.
            object = AppliedMerge.merged(object, applied, schema)
        }
        let kind = applied["kind"]?.string ?? ""
        let comparison = FieldComparison(live, object, schema, FieldSkeleton.of(kind: kind, schema))
        var conflicts = FieldConflicts()
        for entry in next.entries where !entry.isSameManager(as: own) {
            conflicts.add(entry, entry.fields.intersection(comparison.changed))
        }
        guard force || conflicts.isEmpty else { return (live, conflicts) }
        next.release(comparison.changed, comparison.removed, exceptBy: own)
        own.fields.stripIdentity()
        if let last, comparison.isEmpty, last.fields == own.fields, last.apiVersion == own.apiVersion {
            own.time = last.time
        }
        next.replace(own)
        self = next
        return (object, FieldConflicts())
    }

    /// The fields that still are as kubectl's annotation says that it applied them.
    private static func allowedByLastApplied(_ live: JSON, _ schema: Schema?) -> FieldSet {
        guard let text = live["metadata", "annotations", lastApplied]?.string,
            let configuration = try? JSON(parsing: Array(text.utf8)),
            configuration["apiVersion"] == live["apiVersion"], configuration["kind"] == live["kind"]
        else { return FieldSet() }
        let kind = live["kind"]?.string ?? ""
        let comparison = FieldComparison(live, configuration, schema, FieldSkeleton.of(kind: kind, schema))
        return FieldSet(applied: configuration, schema)
            .subtracting(comparison.changed).subtracting(comparison.removed)
    }
}
