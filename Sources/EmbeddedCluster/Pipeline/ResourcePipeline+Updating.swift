import ClusterAPI
import JSONTree
import KubernetesModel

extension ResourcePipeline {
    /// How often a write that names no version tries again when others were faster. Many, because each round lets one of
    /// them through; few enough to end.
    private static let attempts = 64

    /// Replaces an object, or the part of it that a subresource is.
    func update(
        _ definition: ResourceDefinition, namespace: String?, name: String, subresource: String?, _ body: JSON,
        _ context: WriteContext
    ) async throws(APIError) -> WriteResult {
        let former = store.object(definition.reference(namespace: namespace, name: name))
        let (decoded, warnings) = try ObjectRules.decode(body, as: definition, context, former: former?.object)
        var place = decoded
        try setPlace(&place, definition, namespace: namespace, name: name)
        let object = place
        let reference = definition.reference(namespace: object.namespace, name: name)
        if definition.createsOnUpdate, subresource == nil, store.object(reference) == nil {
            var fresh = object
            fresh.json["metadata", "resourceVersion"] = nil
            return try await create(definition, namespace: namespace, fresh.json, context, name: name)
        }
        var result = try await modify(definition, reference, subresource, context) { (current) throws(APIError) in
            try Self.checkIdentity(of: object, current, definition)
            return object
        }
        result.warnings = warnings + result.warnings
        return result
    }

    /// Changes an object, or the part of it that a subresource is.
    func patch(
        _ definition: ResourceDefinition, namespace: String?, name: String, subresource: String?, _ patch: Patch,
        _ context: WriteContext
    ) async throws(APIError) -> WriteResult {
        let reference = definition.reference(namespace: namespace, name: name)
        var warnings: [String] = []
        var result = try await propose(definition, reference, subresource, context) {
            (stored, current) throws(APIError) in
            let whole = PatchRules.concernsOwners(patch) ? Self.withOwners(current, stored) : current.json
            let patched = try PatchRules.apply(patch, to: whole, definition)
            var (object, said) = try ObjectRules.decode(
                patched, patchedBy: patch, of: current, as: definition, context)
            try self.setPlace(&object, definition, namespace: namespace, name: name)
            try Self.checkIdentity(of: object, current, definition)
            warnings = said
            return Proposal(object: object)
        }
        result.warnings = warnings + result.warnings
        return result
    }

    private static func withOwners(_ object: KubernetesObject, _ stored: StoredObject) -> JSON {
        guard let fields = try? JSON(parsing: stored.managedFields) else { return object.json }
        var json = object.json
        json["metadata", "managedFields"] = fields
        return json
    }

    /// A version or uid in the object must be the stored one's.
    static func checkIdentity(
        of object: KubernetesObject, _ current: KubernetesObject, _ definition: ResourceDefinition
    ) throws(APIError) {
        if !object.uid.isEmpty, object.uid != current.uid {
            throw APIError.conflict(
                definition.type, object.name,
                "Precondition failed: UID in precondition: \(object.uid), UID in object meta: \(current.uid)")
        }
        if !object.resourceVersion.isEmpty, object.resourceVersion != current.resourceVersion {
            throw APIError.conflict(definition.type, object.name)
        }
    }

    /// Reads, changes and stores, again where another write came between.
    ///
    /// - Parameter change: makes the new object of the stored one; called again for each attempt.
    func modify(
        _ definition: ResourceDefinition, _ reference: ObjectReference, _ subresource: String?,
        _ context: WriteContext,
        change: (KubernetesObject) async throws(APIError) -> KubernetesObject
    ) async throws(APIError) -> WriteResult {
        try await propose(definition, reference, subresource, context) { (_, current) throws(APIError) in
            Proposal(object: try await change(current))
        }
    }

    /// What a write makes of the object that is there.
    struct Proposal {
        var object: KubernetesObject
        /// Who owns the fields then; `nil` gives what changes to who writes.
        var owners: FieldOwnership?
    }

    /// Like `modify`, for changes that say whose the fields are.
    ///
    /// - Parameter change: gets the stored object, and its tree in the version that is asked for.
    func propose(
        _ definition: ResourceDefinition, _ reference: ObjectReference, _ subresource: String?,
        _ context: WriteContext,
        change: (StoredObject, KubernetesObject) async throws(APIError) -> Proposal
    ) async throws(APIError) -> WriteResult {
        for _ in 0..<Self.attempts {
            guard let current = store.object(reference) else {
                throw APIError.notFound(definition.type, reference.key.name)
            }
            let old = present(current, as: definition).object
            let proposal = try await change(current, old)
            var object = proposal.object
            let sent = object.json["metadata"]?["managedFields"]
            var owners: FieldOwnership?
            let taken = try await finish(&object, old, definition, subresource, context) { object in
                // What the server sets from here on is nobody's. A pod's binding is the server's too.
                owners =
                    subresource == "binding"
                    ? nil
                    : proposal.owners
                        ?? OwnershipRules.updating(
                            current, sent: sent, from: old, to: object, definition, context, subresource,
                            now: self.now())
            }
            do throws(APIError) {
                // Other subresources set what the object itself may not change, such as a pod's node.
                if subresource == nil || subresource == "status" {
                    try validate(object, old: old, definition, isStatus: subresource != nil)
                }
                if var result = try await replace(current, with: object, owners, old, definition, context) {
                    if subresource == nil { result.warnings = PodWarnings.of(object, old: old) }
                    if context.isDryRun { addresses.release(taken) }
                    return result
                }
            } catch {
                addresses.release(taken)
                throw error
            }
            addresses.release(taken)
        }
        throw APIError.conflict(definition.type, reference.key.name)
    }

    /// Makes the new object whole: what the request may not change is the old one's.
    ///
    /// - Parameter observe: called once the client's part is done, before the server sets what is its own.
    /// - Returns: what was taken for a service.
    private func finish(
        _ object: inout KubernetesObject, _ old: KubernetesObject, _ definition: ResourceDefinition,
        _ subresource: String?, _ context: WriteContext, observe: (KubernetesObject) -> Void
    ) async throws(APIError) -> ServiceAddresses.Taken? {
        let strategy = definition.strategy
        if subresource == "status" {
            let sent = object
            object = old
            object.json["status"] = sent.json["status"]
            for field in strategy.statusMetadata {
                object.json["metadata", field] = sent.json["metadata", field]
            }
            if definition.type == .customResourceDefinitions {
                MetadataRules.keepServerFields(&object, old)
                observe(object)
                return nil
            }
        } else if subresource == nil, definition.hasStatus {
            object.json["status"] = old.json["status"]
        }
        MetadataRules.keepServerFields(&object, old)
        try await admit(&object, old: old, definition, context, .update, subresource: subresource)
        ObjectRules.applyDefaults(&object, definition, former: old)
        try ObjectRules.checkSize(of: object)
        observe(object)
        guard subresource == nil else { return nil }
        strategy.prepareForUpdate(&object, old)
        if definition.type == .customResourceDefinitions {
            CustomResources.accept(&object, registry: registry, now: now())
        }
        if Self.isNewGeneration(object, old, definition.generation) {
            object.json["metadata", "generation"] = JSON(old.generation + 1)
        }
        return definition.type == .services ? try addresses.assign(&object, old: old) : nil
    }

    private static func isNewGeneration(
        _ object: KubernetesObject, _ old: KubernetesObject, _ rule: ResourceDefinition.GenerationRule
    ) -> Bool {
        switch rule {
        case .none: return false
        case .spec: return object.json["spec"] != old.json["spec"]
        case .contents:
            var (new, before) = (object.json, old.json)
            for field in ["metadata", "status"] {
                new[field] = nil
                before[field] = nil
            }
            return new != before
        }
    }

    /// Stores a new version, or removes the object where it was only waiting for this change.
    ///
    /// - Returns: `nil` where another write came between.
    private func replace(
        _ current: StoredObject, with object: KubernetesObject, _ owners: FieldOwnership?, _ old: KubernetesObject,
        _ definition: ResourceDefinition, _ context: WriteContext
    ) async throws(APIError) -> WriteResult? {
        let isGone = Self.isReadyToGo(object, definition)
        if object == old, !isGone, owners.map({ $0.isSame(as: current.ownership) }) ?? true {
            return WriteResult(object: present(current, as: definition))
        }
        let managed = owners.map(\.encoded) ?? current.managedFields
        if context.isDryRun {
            return WriteResult(
                object: Self.imagined(
                    object, managed: managed, current.reference, revision: current.revision))
        }
        let prepared = PreparedObject(definition.stored(object), managed: managed)
        let request = StoreRequest(
            current.reference, expected: .revision(current.revision),
            change: isGone ? .remove(prepared) : .put(prepared))
        switch await store.write(request) {
        case .done(let stored): return WriteResult(object: present(stored, as: definition))
        case .unexpected: return nil
        case .refused(let error): throw error
        case .failed(let error): throw Self.error(error)
        }
    }

    /// Whether nothing holds an object that is being deleted.
    static func isReadyToGo(_ object: KubernetesObject, _ definition: ResourceDefinition) -> Bool {
        object.isBeingDeleted && object.finalizers.isEmpty && (object.deletionGracePeriodSeconds ?? 0) == 0
            && !definition.strategy.isHeld(object)
    }
}
