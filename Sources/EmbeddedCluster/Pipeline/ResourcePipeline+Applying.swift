import ClusterAPI
import JSONTree
import KubernetesModel

/// Server-side apply: who applies says all that they care about, and owns it.
extension ResourcePipeline {
    /// How often an application starts over because the object came or went meanwhile.
    private static let applyAttempts = 8

    /// Changes an object by any form of patch.
    func patchOrApply(
        _ definition: ResourceDefinition, namespace: String?, name: String, subresource: String?, _ patch: Patch,
        _ context: WriteContext
    ) async throws(APIError) -> WriteResult {
        guard patch.form == .apply else {
            guard !context.options.force else {
                throw APIError.invalid(
                    group: "meta.k8s.io", kind: "PatchOptions", name: "",
                    [
                        APIError.Cause(
                            reason: "FieldValueForbidden",
                            message: "Forbidden: may not be specified for non-apply patch",
                            field: "force")
                    ])
            }
            return try await self.patch(
                definition, namespace: namespace, name: name, subresource: subresource, patch, context)
        }
        try OwnershipRules.check(context.options, isApply: true, kind: "PatchOptions")
        let warnings = try Self.duplicates(in: context)
        var context = context
        // Said already, and what is there beside the applied fields was judged when it came.
        context.duplicates = []
        try Self.checkApplied(patch.body, definition)
        let applied = OwnershipRules.reach(patch.body, definition, subresource)
        for _ in 0..<Self.applyAttempts {
            let place = definition.reference(namespace: namespace, name: name)
            do throws(APIError) {
                var result =
                    store.object(place) == nil && subresource == nil
                    ? try await applyNew(definition, namespace: namespace, name: name, applied, context)
                    : try await applyExisting(definition, place, subresource, applied, context)
                result.warnings = warnings + result.warnings
                return result
            } catch {
                // Another write made or removed the object just now.
                guard
                    error.isAlreadyExists || (error.isNotFound && subresource == nil && !isGone(definition, namespace))
                else { throw error }
            }
        }
        throw APIError.conflict(definition.type, name)
    }

    /// Whether there is no namespace for an object.
    private func isGone(_ definition: ResourceDefinition, _ namespace: String?) -> Bool {
        guard definition.type.isNamespaced else { return false }
        return NamespaceRules.refusal(of: definition.type, name: "", in: namespace ?? "") { self.store.object($0) }
            != nil
    }

    /// - Returns: warnings about keys that came twice.
    private static func duplicates(in context: WriteContext) throws(APIError) -> [String] {
        let problems = context.duplicates.map { "duplicate field \"\($0)\"" }
        guard !problems.isEmpty else { return [] }
        switch context.options.fieldValidation ?? .warn {
        case .ignore: return []
        case .warn: return problems
        case .strict:
            throw APIError.badRequest("error strict decoding YAML: \(problems.joined(separator: ", "))")
        }
    }

    private static func checkApplied(_ body: JSON, _ definition: ResourceDefinition) throws(APIError) {
        guard body.object != nil else {
            throw APIError.badRequest("error decoding YAML: expected an object, found \(body.kindName)")
        }
        let (version, kind) = (body["apiVersion"]?.string ?? "", body["kind"]?.string ?? "")
        guard version == definition.type.apiVersion else {
            throw APIError.badRequest(
                "Incorrect version specified in apply patch. Specified patch version: \(version), expected: "
                    + definition.type.apiVersion)
        }
        guard kind == definition.type.kind else {
            throw APIError.badRequest(
                "Incorrect kind specified in apply patch. Specified patch kind: \(kind), expected: "
                    + definition.type.kind)
        }
        guard body["metadata"]?["managedFields"].map(\.isNull) ?? true else {
            throw APIError.badRequest("metadata.managedFields must be nil")
        }
    }

    private func applyNew(
        _ definition: ResourceDefinition, namespace: String?, name: String, _ applied: JSON, _ context: WriteContext
    ) async throws(APIError) -> WriteResult {
        let uid = applied["metadata"]?["uid"]?.string ?? ""
        guard uid.isEmpty else {
            throw APIError.conflict(
                definition.type, name,
                "uid mismatch: the provided object specified uid \(uid), and no existing object was found")
        }
        var owners = FieldOwnership()
        let empty: JSON = ["apiVersion": applied["apiVersion"] ?? "", "kind": applied["kind"] ?? ""]
        let object = try owners.apply(
            applied, to: empty, definition.schema,
            by: OwnershipRules.author(definition, context, nil, .apply, now: now()), force: context.options.force)
        return try await create(definition, namespace: namespace ?? "", object, context, name: name, owners: owners)
    }

    /// Applies a configuration to what is there; 404 where nothing is.
    func applyExisting(
        _ definition: ResourceDefinition, _ reference: ObjectReference, _ subresource: String?, _ applied: JSON,
        _ context: WriteContext
    ) async throws(APIError) -> WriteResult {
        var warnings: [String] = []
        var result = try await propose(definition, reference, subresource, context) { (stored, live) throws(APIError) in
            var owners = stored.ownership
            let author = OwnershipRules.author(definition, context, subresource, .apply, now: self.now())
            let merged = try owners.apply(
                applied, to: live.json, definition.schema, by: author, force: context.options.force)
            var (object, said) = try ObjectRules.decode(merged, as: definition, context)
            try self.setPlace(&object, definition, namespace: reference.key.namespace, name: reference.key.name)
            try Self.checkIdentity(of: object, live, definition)
            warnings = said
            return Proposal(object: object, owners: owners)
        }
        result.warnings = warnings + result.warnings
        return result
    }
}
