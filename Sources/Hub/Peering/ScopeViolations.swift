import ClusterAPI
import JSONTree
import KubernetesModel
import Logging
import OffloadingModel
import Synchronization
import Wire

/// Notes for the audit what edges say of things that are not theirs. Nothing that they say of these is heeded.
///
/// An edge that lags behind says things about pods and namespaces that were its own a moment ago: only what never was is
/// noted, each once while the hub runs.
final class ScopeViolations: Sendable {
    /// How many are remembered, and so noted at most: an edge that is after the disk gets no further.
    private static let most = 10_000

    private struct Violation: Hashable {
        let edge: String
        let key: ItemKey
    }

    private let noted = Mutex<Set<Violation>>([])

    /// Looks at what an edge says that it runs.
    ///
    /// - Parameter node: the edge's virtual node.
    func check(_ items: [ObservedItem], of edge: String, node: String, _ context: HubContext) {
        for item in items {
            guard let reason = Self.reason(item, node: node, context) else { continue }
            let isNew = noted.withLock {
                $0.count < Self.most && $0.insert(Violation(edge: edge, key: item.key)).inserted
            }
            guard isNew else { continue }
            context.logger.warning(
                "an edge reports what is not its own",
                metadata: [
                    "audit": "scope-violation", "edge": "\(edge)", "key": "\(item.key)", "reason": "\(reason)",
                ])
        }
    }

    /// Why an edge may not speak of something; `nil` where it may, or might have a moment ago.
    private static func reason(_ item: ObservedItem, node: String, _ context: HubContext) -> String? {
        switch item.key.kind {
        case ItemKey.podKind:
            // A pod has one node for all its life: whoever knows its uid and is not that node has it from elsewhere.
            guard let seen = item.content.pod,
                let pod = context.pods[ObjectKey(namespace: item.key.namespace, name: item.key.name)],
                pod.uid == seen.originUID, let own = pod.spec["nodeName"]?.string, own != node
            else { return nil }
            return "the pod is bound to \(own)"
        case ItemKey.namespaceKind:
            return isOwn(item.key.name, context) ? "the namespace is the origin's own, and not offloaded" : nil
        case let kind where ReflectedKind(rawValue: kind) != nil:
            let isOwn = isOwn(item.key.namespace, context)
            return isOwn ? "its namespace is the origin's own, and not offloaded" : nil
        default:
            return "the hub offloads no objects of that kind"
        }
    }

    private static func isOwn(_ namespace: String, _ context: HubContext) -> Bool {
        (namespace == Names.systemNamespace || namespace.hasPrefix("kube-")) && context.offloading(namespace) == nil
    }
}
