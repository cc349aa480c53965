import ClusterAPI
import JSONTree
import KubernetesModel
import Logging
import Synchronization

/// What happens to every request, whoever makes it and for whichever resource: decode, default, admit, validate, store.
///
/// The resources differ only by their `ResourceDefinition`. Reads answer at once from memory; writes wait for the disk.
final class ResourcePipeline: Sendable {
    let store: ObjectStore
    let hooks: [any AdmissionHook]
    let nodes: NodeEndpoints
    let addresses: ServiceAddresses
    let tokens: ServiceAccountTokens
    /// Seconds since 1970.
    let now: @Sendable () -> Int
    private let served: Served

    /// The registry of the moment, apart so that the store's observer can replace it.
    private final class Served: Sendable {
        let registry = Mutex(ResourceRegistry())

        func rebuild(_ definitions: [KubernetesObject]) {
            registry.withLock {
                $0 = ResourceRegistry.with(customResourceDefinitions: definitions, generation: $0.generation + 1)
            }
        }
    }

    /// Opens the store of a folder.
    ///
    /// - Throws: `StoreError`.
    init(
        folder: String, serviceRange: ServiceAddresses, tokens: ServiceAccountTokens, hooks: [any AdmissionHook],
        nodes: NodeEndpoints, now: @escaping @Sendable () -> Int = { WallClock.seconds() }
    ) throws(StoreError) {
        let served = Served()
        let definitions = CustomDefinitions()
        store = try ObjectStore(folder: folder, indexes: BuiltInResources.indexes) { events in
            var hasNewDefinitions = false
            for event in events {
                switch event.object.resource {
                case CustomDefinitions.resource:
                    definitions.observe(event)
                    hasNewDefinitions = true
                case ResourceID(.services): serviceRange.observe(event)
                default: break
                }
            }
            if hasNewDefinitions {
                served.rebuild(definitions.all)
            }
        }
        for object in store.objects(CustomDefinitions.resource, in: nil).objects {
            definitions.observe(StoreEvent(kind: .added, object: object, previous: nil))
        }
        for object in store.objects(ResourceID(.services), in: nil).objects {
            serviceRange.observe(StoreEvent(kind: .added, object: object, previous: nil))
        }
        served.rebuild(definitions.all)
        self.served = served
        self.addresses = serviceRange
        self.tokens = tokens
        self.hooks = hooks
        self.nodes = nodes
        self.now = now
    }

    var registry: ResourceRegistry { served.registry.withLock { $0 } }

    /// The definition of a type.
    ///
    /// - Throws: 404 where it is not served.
    func definition(_ type: ResourceType) throws(APIError) -> ResourceDefinition {
        guard let definition = registry.definition(type) else { throw Self.notServed }
        return definition
    }

    /// As Kubernetes answers for paths that lead nowhere.
    static let notServed = APIError(
        code: 404, reason: .notFound, message: "the server could not find the requested resource")

    /// An object in the version in which it is asked for.
    func present(_ object: StoredObject, as definition: ResourceDefinition) -> StoredObject {
        if let form = definition.storedForm {
            return PreparedObject(KubernetesObject(form.fromStored(object.object.json)), managed: object.managedFields)
                .stored(object.reference, revision: object.revision)
        }
        guard let custom = definition.custom else { return object }
        // Written in this version, by the schema as it is now: nothing to do.
        if object.object.apiVersion == definition.type.apiVersion, object.revision > custom.definitionRevision {
            return object
        }
        let other = ObjectRules.renewed(object.object, as: definition)
        if other == object.object { return object }
        return PreparedObject(other, managed: object.managedFields).stored(object.reference, revision: object.revision)
    }

    /// The same for many: at no cost for each where all are as they are stored.
    func present(_ objects: [StoredObject], as definition: ResourceDefinition) -> [StoredObject] {
        if definition.storedForm == nil, definition.custom == nil { return objects }
        return objects.map { present($0, as: definition) }
    }

    /// Translates what the store says where nobody else is to blame.
    ///
    /// Only a stop is worth trying again by itself: a client that is told to would keep what is wrong with the disk from its
    /// user meanwhile.
    static func error(_ error: StoreError) -> APIError {
        APIError.unavailable(
            "the change was not stored: \(error.message)", retryAfterSeconds: error.code == .closed ? 1 : nil)
    }
}

/// The custom resource definitions that are stored, followed by the store's observer.
private final class CustomDefinitions: Sendable {
    static let resource = ResourceID(.customResourceDefinitions)
    private let objects = Mutex<[String: KubernetesObject]>([:])

    func observe(_ event: StoreEvent) {
        objects.withLock { $0[event.object.key.name] = event.kind == .deleted ? nil : event.object.object }
    }

    var all: [KubernetesObject] { objects.withLock { Array($0.values) } }
}
