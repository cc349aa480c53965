import ClusterAPI
import JSONTree
import KubernetesModel

extension ResourcePipeline {
    /// Stores a new object.
    ///
    /// - Parameters:
    ///   - name: the name that the path gives, where an update creates.
    ///   - owners: who owns its fields, where that is known already; `nil` gives them to who creates it.
    func create(
        _ definition: ResourceDefinition, namespace: String?, _ body: JSON, _ context: WriteContext,
        name: String? = nil, owners: FieldOwnership? = nil
    ) async throws(APIError) -> WriteResult {
        var (object, warnings) = try ObjectRules.decode(body, as: definition, context)
        try setPlace(&object, definition, namespace: namespace, name: name)
        guard object.resourceVersion.isEmpty else {
            throw APIError.badRequest("resourceVersion should not be set on objects to be created")
        }
        let prefix = object.name.isEmpty ? object.json["metadata", "generateName"]?.string ?? "" : ""
        // A generated name that is taken is nobody's fault: try others.
        for _ in 0..<8 {
            if !prefix.isEmpty { object.json["metadata", "name"] = .string(RandomName.generate(prefix: prefix)) }
            do throws(APIError) {
                var result = try await insert(definition, object, context, owners)
                result.warnings = warnings + PodWarnings.of(object)
                return result
            } catch {
                guard error.isAlreadyExists, !prefix.isEmpty else { throw error }
            }
        }
        throw APIError.alreadyExists(definition.type, object.name)
    }

    private func insert(
        _ definition: ResourceDefinition, _ body: KubernetesObject, _ context: WriteContext, _ owners: FieldOwnership?
    ) async throws(APIError) -> WriteResult {
        var object = body
        let reference = definition.reference(namespace: object.namespace, name: object.name)
        if definition.type.isNamespaced {
            if let refusal = NamespaceRules.refusal(
                of: definition.type, name: object.name, in: object.namespace, { self.store.object($0) })
            {
                throw refusal
            }
        }
        ObjectRules.applyDefaults(&object, definition)
        // What the server sets from here on is nobody's.
        let managed = (owners ?? OwnershipRules.creating(object, definition, context, now: now())).encoded
        if !hooks.isEmpty {
            try await admit(&object, old: nil, definition, context, .create, subresource: nil)
            ObjectRules.applyDefaults(&object, definition)
        }
        try ObjectRules.checkSize(of: object)
        if definition.type == .pods { try setPriority(of: &object) }
        let taken = try prepare(&object, definition, name: object.name)
        do throws(APIError) {
            try validate(object, old: nil, definition)
            let result = try await insert(object, managed: managed, reference, definition, context)
            if context.isDryRun { addresses.release(taken) }
            return result
        } catch {
            addresses.release(taken)
            throw error
        }
    }

    /// Sets what a new object gets from the server.
    ///
    /// - Returns: what was taken for a service.
    private func prepare(
        _ object: inout KubernetesObject, _ definition: ResourceDefinition, name: String
    ) throws(APIError) -> ServiceAddresses.Taken? {
        let strategy = definition.strategy
        let now = now()
        if definition.hasStatus, !strategy.acceptsStatusOnCreate { object.json["status"] = nil }
        object.json["metadata", "uid"] = .string(RandomName.uid())
        strategy.prepareForCreate(&object, now)
        if definition.hasStatus, object.json["status"] == nil, let status = strategy.initialStatus(object) {
            object.json["status"] = status
        }
        object.json["metadata", "creationTimestamp"] = .string(Timestamp.text(now))
        for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink", "managedFields"] {
            object.json["metadata", field] = nil
        }
        switch definition.generation {
        case .none: break
        case .spec, .contents: object.json["metadata", "generation"] = 1
        }
        for finalizer in strategy.finalizersOnCreate where !object.finalizers.contains(finalizer) {
            object.finalizers.append(finalizer)
        }
        if definition.type == .customResourceDefinitions {
            CustomResources.accept(&object, registry: registry, now: now)
        }
        return definition.type == .services ? try addresses.assign(&object, old: nil) : nil
    }

    private func insert(
        _ object: KubernetesObject, managed: [UInt8], _ reference: ObjectReference, _ definition: ResourceDefinition,
        _ context: WriteContext
    ) async throws(APIError) -> WriteResult {
        if context.isDryRun {
            guard store.object(reference) == nil else { throw APIError.alreadyExists(definition.type, object.name) }
            return WriteResult(object: Self.imagined(object, managed: managed, reference), isCreated: true)
        }
        let type = definition.type
        let name = object.name
        let namespace = reference.key.namespace
        let prepared = PreparedObject(definition.stored(object), managed: managed)
        let request = StoreRequest(reference, expected: .absent, change: .put(prepared)) { staged in
            type.isNamespaced
                ? NamespaceRules.refusal(of: type, name: name, in: namespace, staged.object) : nil
        }
        switch await store.write(request) {
        case .done(let stored): return WriteResult(object: present(stored, as: definition), isCreated: true)
        case .unexpected: throw APIError.alreadyExists(definition.type, object.name)
        case .refused(let error): throw error
        case .failed(let error): throw Self.error(error)
        }
    }

    /// An object that is not stored, as dry runs answer with it.
    ///
    /// - Parameter revision: the one of the object that is there; `nil` where there is none, and then it says no version.
    static func imagined(
        _ object: KubernetesObject, managed: [UInt8], _ reference: ObjectReference, revision: Int? = nil
    ) -> StoredObject {
        if let revision { return PreparedObject(object, managed: managed).stored(reference, revision: revision) }
        var full = object
        if let fields = try? JSON(parsing: managed) { full.json["metadata", "managedFields"] = fields }
        return StoredObject(
            resource: reference.resource, key: reference.key, revision: 0, text: ObjectText(full.json.encoded()),
            object: object)
    }

    /// The namespace and name of the path, which the body may repeat but not contradict.
    func setPlace(
        _ object: inout KubernetesObject, _ definition: ResourceDefinition, namespace: String?, name: String?
    ) throws(APIError) {
        if definition.type.isNamespaced {
            // Without a namespace in the path the object says its own, as in-process callers write it.
            let namespace = namespace ?? object.namespace
            guard object.namespace.isEmpty || object.namespace == namespace else {
                throw APIError.badRequest(
                    "the namespace of the provided object does not match the namespace sent on the request")
            }
            guard !namespace.isEmpty else {
                throw APIError.badRequest("an empty namespace may not be set during creation")
            }
            object.json["metadata", "namespace"] = .string(namespace)
        } else if !object.namespace.isEmpty {
            guard namespace == nil || namespace == "" else {
                throw APIError.badRequest("namespace may not be set on a cluster-scoped object")
            }
            object.json["metadata", "namespace"] = nil
        }
        guard let name else { return }
        if object.name.isEmpty { object.json["metadata", "name"] = .string(name) }
        guard object.name == name else {
            throw APIError.badRequest(
                "the name of the object (\(object.name)) does not match the name on the URL (\(name))")
        }
    }

    /// Lets the hooks change or refuse the object.
    func admit(
        _ object: inout KubernetesObject, old: KubernetesObject?, _ definition: ResourceDefinition,
        _ context: WriteContext, _ operation: AdmissionRequest.Operation, subresource: String?
    ) async throws(APIError) {
        guard !hooks.isEmpty else { return }
        let request = AdmissionRequest(
            operation: operation, type: definition.type, namespace: object.namespace, name: object.name,
            subresource: subresource, user: context.user, old: old, isDryRun: context.isDryRun)
        for hook in hooks { try await hook.admit(&object, request) }
    }

    /// - Throws: 422 with all that is wrong.
    func validate(
        _ object: KubernetesObject, old: KubernetesObject?, _ definition: ResourceDefinition, isStatus: Bool = false
    ) throws(APIError) {
        let causes = ObjectRules.problems(object, old: old, definition, isStatus: isStatus)
        guard causes.isEmpty else {
            throw APIError.invalid(
                group: definition.type.group, kind: definition.type.kind, name: object.name, causes)
        }
    }
}
