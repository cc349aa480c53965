import ClusterAPI
import ClusterBootstrap
import KubernetesModel
import Logging
import OffloadingModel
import Synchronization
import Wire

/// What there is in hubs' namespaces of the objects that came with their pods: a local copy a namespace and kind, for as long
/// as the namespace is a hub's. Of anybody else's objects nothing is read.
final class ReflectedObjects: Sendable {
    private struct Followed {
        let informers: [ReflectedKind: Informer]
        let task: Task<Void, Never>
    }

    private struct State {
        var namespaces: [String: Followed] = [:]
        var handler: (@Sendable (HubItem) -> Void)?
    }

    private let cluster: any ClusterAPI
    let access: NamespaceAccess
    private let logger: Logger
    private let state = Mutex(State())

    init(_ cluster: any ClusterAPI, logger: Logger) {
        self.cluster = cluster
        self.logger = logger
        access = NamespaceAccess(cluster, .agent)
    }

    deinit { for followed in state.withLock({ $0.namespaces.values }) { followed.task.cancel() } }

    /// Who is told of whose objects changed.
    func onChange(_ handler: @escaping @Sendable (HubItem) -> Void) { state.withLock { $0.handler = handler } }

    /// Takes a change of a namespace into account: a hub's are followed.
    func note(_ change: InformerChange) {
        let name = change.object.name
        let isHubs = change.new.map { OriginOf.namespace($0) != nil } ?? false
        state.withLock { state in
            guard isHubs else {
                state.namespaces.removeValue(forKey: name)?.task.cancel()
                return
            }
            guard state.namespaces[name] == nil else { return }
            let informers = Dictionary(uniqueKeysWithValues: ReflectedKind.allCases.map { ($0, informer($0, name)) })
            let task = Task { [weak self] in
                await self?.awaitAccess(to: name)
                await withDiscardingTaskGroup { group in
                    for informer in informers.values { group.addTask { await informer.run() } }
                }
            }
            state.namespaces[name] = Followed(informers: informers, task: task)
        }
    }

    private func informer(_ kind: ReflectedKind, _ namespace: String) -> Informer {
        let informer = Informer(
            cluster, kind.type, namespace: namespace, labelSelector: Names.originClusterIDLabel, logger: logger)
        informer.onChange { [weak self] change in
            guard let self, let handler = state.withLock({ $0.handler }) else { return }
            for object in [change.old, change.new] {
                if let origin = object.flatMap({ OriginOf.object(kind, $0) }) {
                    handler(HubItem(hub: origin.hub, key: origin.key))
                }
            }
        }
        return informer
    }

    /// Returns once the agent may see what it made in a namespace, and asks for that where it may not.
    private func awaitAccess(to namespace: String) async {
        let backOff = BackOff(initial: .milliseconds(50), maximum: .seconds(15))
        var failures = 0
        while !Task.isCancelled {
            do {
                _ = try await cluster.list(
                    .secrets, namespace: namespace,
                    ListOptions(labelSelector: Names.originClusterIDLabel, limit: 1))
                return
            } catch let error as APIError where error.code == 403 {
                failures += 1
                do {
                    try await access.grant(in: namespace)
                } catch {
                    logger.warning(
                        "the agent may not keep what pods use in a namespace",
                        metadata: [
                            LogKey.namespace: "\(namespace)", LogKey.error: "\(error)",
                            LogKey.reason: "\(access.remedy(in: namespace))",
                        ])
                }
            } catch {
                failures += 1
            }
            try? await Task.sleep(for: backOff.delay(afterFailures: failures))
        }
    }

    /// Whether it is known what a namespace has.
    func isSynced(_ namespace: String) -> Bool {
        state.withLock { $0.namespaces[namespace] }?.informers.values.allSatisfy(\.isSynced) ?? false
    }

    /// What a hub has under a key, by namespace of this edge; in one at most, unless it was offloaded anew under another name.
    func objects(of hub: String, _ kind: ReflectedKind, _ key: ItemKey) -> [KubernetesObject] {
        let informers = state.withLock { $0.namespaces.compactMapValues { $0.informers[kind] } }
        return informers.sorted { $0.key < $1.key }.compactMap { namespace, informer in
            guard let object = informer.get(namespace: namespace, name: key.name),
                let origin = OriginOf.object(kind, object), origin.hub == hub, origin.key == key
            else { return nil }
            return object
        }
    }

    /// The keys of all that a hub has here.
    func keys(of hub: String) -> Set<ItemKey> {
        let all = state.withLock { $0.namespaces.values.map(\.informers) }
        return Set(
            all.flatMap { informers in
                informers.flatMap { kind, informer in informer.objects.compactMap { OriginOf.object(kind, $0) } }
            }.filter { $0.hub == hub }.map(\.key))
    }
}
