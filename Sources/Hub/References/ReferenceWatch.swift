import ClusterAPI
import ClusterBootstrap
import KubernetesModel
import Logging

/// Follows one object of the origin, by its name: nothing else of its kind is read or kept.
///
/// Logs no contents: the object may be a Secret.
struct ReferenceWatch: Sendable {
    /// What is seen of the object.
    enum Sight: Sendable {
        case there(KubernetesObject)
        case absent
        /// It may not be read.
        case refused(String)
    }

    let type: ResourceType
    let key: ObjectKey
    let cluster: any ClusterAPI
    let access: NamespaceAccess
    let logger: Logger
    let see: @Sendable (Sight) -> Void

    private static let backOff = BackOff(initial: .milliseconds(50), maximum: .seconds(15))
    /// How often access that was just given may be refused before anybody is told: an API server takes a moment to know.
    private static let patience = 6

    /// Follows the object until the task is cancelled.
    func run() async {
        var failures = 0
        while !Task.isCancelled {
            do {
                try await follow { failures = 0 }
            } catch is CancellationError {
                return
            } catch let error as APIError where error.isExpired {
                continue
            } catch let error as APIError where error.code == 403 {
                failures += 1
                await ask(after: error, failures)
            } catch {
                failures += 1
                logger.debug(
                    "cannot follow what pods use, trying again",
                    metadata: ["resource": "\(type)", "key": "\(key)", "error": "\(error)"])
            }
            guard failures > 0 else { continue }
            try? await Task.sleep(for: Self.backOff.delay(afterFailures: failures))
        }
    }

    private func follow(_ succeeded: () -> Void) async throws {
        let selector = "metadata.name=\(key.name)"
        let list = try await cluster.list(type, namespace: key.namespace, ListOptions(fieldSelector: selector))
        succeeded()
        see(list.items.first { $0.name == key.name }.map(Sight.there) ?? .absent)
        var version = list.resourceVersion
        while !Task.isCancelled {
            let events = try await cluster.watch(
                type, namespace: key.namespace, WatchOptions(resourceVersion: version, fieldSelector: selector))
            for try await event in events {
                switch event {
                case .added(let object), .modified(let object):
                    version = object.resourceVersion
                    if object.name == key.name { see(.there(object)) }
                case .deleted(let object):
                    version = object.resourceVersion
                    if object.name == key.name { see(.absent) }
                case .bookmark(let resourceVersion):
                    version = resourceVersion
                }
            }
        }
    }

    /// Asks for the access that is missing.
    private func ask(after error: APIError, _ failures: Int) async {
        do {
            try await access.grant(in: key.namespace)
            if failures > Self.patience { see(.refused(error.message)) }
        } catch {
            see(.refused("the hub may not read it; run '\(access.remedy(in: key.namespace))'"))
        }
    }
}
