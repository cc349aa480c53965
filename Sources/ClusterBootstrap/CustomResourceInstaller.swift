public import ClusterAPI
import JSONTree
import KubernetesModel
public import Logging
import OffloadingModel

/// Gives a cluster Causeway's kinds: applies their CustomResourceDefinitions and waits until they are served.
public struct CustomResourceInstaller: Sendable {
    private let cluster: any ClusterAPI
    private let logger: Logger

    public init(_ cluster: any ClusterAPI, logger: Logger) {
        self.cluster = cluster
        self.logger = logger
    }

    /// Applies the definitions that are missing or differ, and returns once all kinds are served. Idempotent.
    ///
    /// - Parameter deadline: how long to wait for the cluster to serve them.
    /// - Throws: ``CustomResourcesNotServed`` after the deadline, or what the cluster throws.
    public func install(within deadline: Duration = .seconds(30)) async throws {
        for definition in CustomResources.all { try await apply(definition) }
        let end = ContinuousClock.now + deadline
        for type in CustomResources.all.compactMap(Self.type) {
            while !(try await isServed(type)) {
                guard ContinuousClock.now < end else { throw CustomResourcesNotServed(type: type, after: deadline) }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    private func apply(_ definition: KubernetesObject) async throws {
        let type = ResourceType.customResourceDefinitions
        // Two daemons that start at once may meet; a few looks settle it.
        for attempt in 1... {
            do {
                guard var found = try await cluster.find(type, name: definition.name) else {
                    _ = try await cluster.create(type, definition)
                    logger.info("custom resource installed", metadata: ["name": "\(definition.name)"])
                    return
                }
                guard !found.spec.contains(definition.spec) else { return }
                found.spec = definition.spec
                _ = try await cluster.update(type, found)
                logger.info("custom resource updated", metadata: ["name": "\(definition.name)"])
                return
            } catch let error as APIError
                where attempt < 5 && (error.isConflict || error.isAlreadyExists || error.isNotFound)
            {
                continue
            }
        }
    }

    /// Asked of the kind itself: a condition of the definition comes before its kind is served everywhere.
    private func isServed(_ type: ResourceType) async throws -> Bool {
        do {
            _ = try await cluster.list(type, namespace: nil, ListOptions(limit: 1))
            return true
        } catch let error as APIError where error.isNotFound || error.code == 503 {
            return false
        }
    }

    private static func type(_ definition: KubernetesObject) -> ResourceType? {
        let spec = definition.spec
        guard let group = spec["group"]?.string, let names = spec["names"], let plural = names["plural"]?.string,
            let kind = names["kind"]?.string, let version = spec["versions"]?[0]?["name"]?.string
        else { return nil }
        return ResourceType(
            group: group, version: version, plural: plural, kind: kind,
            isNamespaced: spec["scope"]?.string == "Namespaced")
    }
}

/// The cluster took a CustomResourceDefinition and does not serve its kind.
public struct CustomResourcesNotServed: Error, Sendable, CustomStringConvertible {
    /// Such as `foreignclusters.discovery.liqo.io`.
    public let resource: String
    public let description: String

    init(type: ResourceType, after deadline: Duration) {
        resource = type.groupResource
        description =
            "the cluster does not serve \(type.groupResource) \(deadline.components.seconds) s after its definition was "
            + "applied; look at the conditions of the CustomResourceDefinition of that name"
    }
}
