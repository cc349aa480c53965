import ClusterAPI
import JSONTree
import KubernetesModel

extension ResourcePipeline {
    private static let deletionAttempts = 64

    /// Deletes an object, or marks it where its grace period or a finalizer holds it.
    func delete(
        _ definition: ResourceDefinition, namespace: String?, name: String, _ options: DeleteOptions,
        _ context: WriteContext
    ) async throws(APIError) -> DeletionResult {
        if let refusal = definition.strategy.deletionRefusal(name) {
            throw APIError.forbidden(definition.type, name, refusal)
        }
        let reference = definition.reference(namespace: namespace, name: name)
        for _ in 0..<Self.deletionAttempts {
            guard let current = store.object(reference) else { throw APIError.notFound(definition.type, name) }
            try Self.check(options, current.object, definition)
            if let result = try await delete(current, definition, options, context) { return result }
            // Another write came between. With a version asked for, that version is gone.
            if options.resourceVersion != nil { throw APIError.conflict(definition.type, name) }
        }
        throw APIError.conflict(definition.type, name)
    }

    private static func check(
        _ options: DeleteOptions, _ object: KubernetesObject, _ definition: ResourceDefinition
    ) throws(APIError) {
        if let uid = options.uid, uid != object.uid {
            throw APIError.conflict(
                definition.type, object.name,
                "the UID in the precondition (\(uid)) does not match the UID in record (\(object.uid)). "
                    + "The object might have been deleted and then recreated")
        }
        if let version = options.resourceVersion, version != object.resourceVersion {
            throw APIError.conflict(
                definition.type, object.name,
                "the ResourceVersion in the precondition (\(version)) does not match the ResourceVersion in record "
                    + "(\(object.resourceVersion)). The object might have been modified")
        }
    }

    /// A finalizer that the object has already says more than its kind.
    private static func defaultPropagation(
        _ object: KubernetesObject, _ definition: ResourceDefinition
    ) -> DeleteOptions.Propagation? {
        let said = [DeletionRules.orphanFinalizer, DeletionRules.foregroundFinalizer]
        return object.finalizers.contains(where: said.contains) ? nil : definition.strategy.propagation
    }

    /// - Returns: `nil` where another write came between.
    private func delete(
        _ current: StoredObject, _ definition: ResourceDefinition, _ options: DeleteOptions, _ context: WriteContext
    ) async throws(APIError) -> DeletionResult? {
        let old = current.object
        var object = old
        DeletionRules.setFinalizers(&object, options.propagation ?? Self.defaultPropagation(old, definition))
        let grace = definition.strategy.gracePeriod(old, options.gracePeriodSeconds)
        DeletionRules.mark(&object, old, grace: grace, now: now(), definition)
        let isGone = Self.isReadyToGo(object, definition)
        if isGone, !old.isBeingDeleted {
            // Gone at once: watchers see the object as it was.
            object = old
        }
        if !isGone, object == old { return .marked(present(current, as: definition)) }
        if context.isDryRun || options.isDryRun {
            let imagined = Self.imagined(
                object, managed: current.managedFields, current.reference, revision: current.revision)
            return isGone ? .removed(imagined) : .marked(imagined)
        }
        let prepared = PreparedObject(object, managed: current.managedFields)
        let request = StoreRequest(
            current.reference, expected: .revision(current.revision),
            change: isGone ? .remove(prepared) : .put(prepared))
        switch await store.write(request) {
        case .done(let stored): return isGone ? .removed(stored) : .marked(stored)
        case .unexpected: return nil
        case .refused(let error): throw error
        case .failed(let error): throw Self.error(error)
        }
    }

    /// Deletes all objects of a collection that match, each like a single deletion.
    ///
    /// - Returns: what the list of them was.
    func deleteCollection(
        _ definition: ResourceDefinition, namespace: String?, _ query: ListQuery, _ options: DeleteOptions,
        _ context: WriteContext
    ) async throws(APIError) -> ListPage {
        let page = try list(definition, namespace: namespace, query)
        for object in page.items {
            do throws(APIError) {
                _ = try await delete(
                    definition, namespace: object.key.namespace, name: object.key.name, options, context)
            } catch {
                // Somebody else was faster, which is as good.
                guard error.isNotFound else { throw error }
            }
        }
        return page
    }
}
